// REDIS_URL: where the store is and who we are there.

const DEFAULT_PORT = 6379;

/** @throws Error with one sentence that never shows the address, for a password may be in it */
export function parseRedisUrl(text: string) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = Number(url?.pathname.slice(1) || '0');
  if (!url || !/^rediss?:$/.test(url.protocol) || !url.hostname || !(database >= 0)) {
    throw new Error(
      'REDIS_URL must be an address such as redis://user:password@host:6379/0, or rediss:// for TLS.',
    );
  }
  return {
    address: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    },
    user: {
      username: url.username === '' ? undefined : decodeURIComponent(url.username),
      password: url.password === '' ? undefined : decodeURIComponent(url.password),
      database,
      tls: url.protocol === 'rediss:',
    },
  };
}

// Which pages may open a signalling socket: cross-site WebSocket hijacking stops here.

/**
 * @param origin the `Origin` header; absent for clients that are not browsers, which may come in
 * @param host the `Host` that the client asked for
 * @param allowed other origins that were configured
 */
export function isAllowedOrigin(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[] | undefined,
): boolean {
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (allowed?.includes(url.origin)) return true;
  // The scheme is not compared: a proxy that ends TLS speaks plain HTTP to us. Some proxies name the
  // port that a scheme has anyway, which an origin never does.
  const impliedPort = url.protocol === 'https:' ? /:443$/ : /:80$/;
  return host !== undefined && url.host === host.toLowerCase().replace(impliedPort, '');
}

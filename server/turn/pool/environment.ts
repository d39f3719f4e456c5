// The TURN servers that a process has in its own configuration: the platform's gateway, one with a
// shared secret, ones with a fixed user, and TURN_POOL. They are seeds of the pool in the store.
import * as v from 'valibot';
import { TURN_SERVER_FIELDS as FIELDS } from '../../../shared/api/turn-server.ts';
import { whatIsWrong } from '../../../shared/protocol/rpc.ts';
import { TurnServer } from '../../cluster/turn.ts';
import type { Config } from '../../config/config.ts';
import { parseTurnUrl } from '../client/turn-url.ts';

export interface ConfiguredTurn {
  readonly servers: readonly TurnServer[];
  /** STUN servers, which need no credentials and are given to every session. */
  readonly stun: readonly string[];
  /** Settings without effect, as another one is missing: a sentence each. */
  readonly ignored: readonly string[];
}

/** A TURN setting that does not fit the others; its message is for the operator. */
export class TurnConfigError extends Error {
  override readonly name = 'TurnConfigError';
}

/** Names that platforms and operators have for the TURN REST pattern. */
const REST_AUTH_TYPES = new Set(['rest', 'hmac', 'shared-secret', 'turn-rest', 'use-auth-secret']);
const SAMPLE = '[{"urls": ["turn:turn.example.org:3478?transport=udp"], "secret": "…"}]';

/** One server in an operator's notation: in TURN_POOL, and as the body of `POST /api/turn`. */
export const TurnServerEntry = v.pipe(
  v.strictObject({
    /** Default: host and port of the first address. */
    id: v.exactOptional(FIELDS.id),
    urls: FIELDS.urls,
    region: v.exactOptional(v.nullable(FIELDS.region)),
    weight: v.exactOptional(FIELDS.weight),
    capacity: v.exactOptional(v.nullable(FIELDS.capacity)),
    metricsUrl: v.exactOptional(v.nullable(FIELDS.metricsUrl)),
    secret: v.exactOptional(FIELDS.secret),
    username: v.exactOptional(FIELDS.username),
    password: v.exactOptional(FIELDS.password),
    /** How long minted credentials live, in seconds. Default: TURN_TTL_SECONDS. */
    ttlSeconds: v.exactOptional(FIELDS.ttlSeconds),
  }),
  v.check(
    ({ urls }) => urls.every((url) => parseTurnUrl(url) !== undefined),
    'an address is not like turn:turn.example.org:3478?transport=udp',
  ),
  v.check(
    ({ secret, username, password }) =>
      secret !== undefined
        ? username === undefined && password === undefined
        : username !== undefined && password !== undefined,
    'it needs either a secret or a username with a password, and not both',
  ),
);
export type TurnServerEntry = v.InferOutput<typeof TurnServerEntry>;

/**
 * @param ttlSeconds the default for entries without one
 * @throws TurnConfigError when the pool could not hold it
 */
export function turnServerOf(
  entry: TurnServerEntry,
  origin: TurnServer['origin'],
  ttlSeconds: number,
): TurnServer {
  const { urls, secret, username = '', password = '' } = entry;
  const server = {
    id: entry.id ?? idOf(urls[0] ?? ''),
    urls,
    region: entry.region ?? null,
    weight: entry.weight ?? 1,
    capacity: entry.capacity ?? null,
    metricsUrl: entry.metricsUrl ?? null,
    auth:
      secret === undefined
        ? { kind: 'static', username, password }
        : { kind: 'secret', secret, ttlSeconds: entry.ttlSeconds ?? ttlSeconds },
    origin,
    draining: null,
  };
  const result = v.safeParse(TurnServer, server);
  if (result.success) return result.output;
  // Without the value: it may be the secret.
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? 'something';
  throw new TurnConfigError(
    `The TURN server at ${urls[0]} does not fit: its ${field}: ${whatIsWrong(issue)}.`,
  );
}

function isElsewhere(url: string, host: string | undefined): boolean {
  return host !== undefined && parseTurnUrl(url)?.host.toLowerCase() !== host.toLowerCase();
}

/** @throws TurnConfigError */
export function configuredTurn({
  turn,
  cluster,
}: Pick<Config, 'turn' | 'cluster'>): ConfiguredTurn {
  const region = cluster.region ?? null;
  const entries = [...gateway(turn), ...fixed(turn)].map((entry) => ({ region, ...entry }));
  const servers = named([...entries, ...pool(turn)]).map((entry) =>
    turnServerOf(entry, 'environment', turn.ttlSeconds),
  );
  if (servers.length > turn.maxServers) {
    throw new TurnConfigError(
      `The configuration has ${servers.length} TURN servers, and MAX_TURN_SERVERS is ${turn.maxServers}.`,
    );
  }
  const stun = turn.urls?.filter((url) => url.startsWith('stun')) ?? [];
  for (const url of stun) {
    // A browser that is given one it cannot read opens no connection at all.
    if (!parseTurnUrl(url)) {
      throw new TurnConfigError(
        `TURN_URLS: "${url}" is not the address of a STUN server. It is like stun:stun.example.org:3478.`,
      );
    }
  }
  return { servers, stun, ignored: ignoredBy(turn) };
}

/** An unset shell variable would leave a server out, unnoticed until the first black picture. */
function ignoredBy(turn: Config['turn']): string[] {
  const { sharedSecret, url, host, hostname, transport, urls, username, password } = turn;
  const place = Object.entries({ TURN_URL: url, TURN_HOST: host, TURN_HOSTNAME: hostname })
    .flatMap(([name, value]) => (value === undefined ? [] : [name]))
    .join(' and ');
  const user = username !== undefined || password !== undefined;
  const relays = urls?.some((one) => one.startsWith('turn')) ?? false;
  return [
    ...(place !== '' && sharedSecret === undefined
      ? [
          `${place} has no effect without TURN_SHARED_SECRET: that TURN server is not used. One with a fixed user belongs in TURN_URLS.`,
        ]
      : []),
    ...(user && !relays
      ? ['TURN_USERNAME and TURN_PASSWORD have no effect without a TURN server in TURN_URLS.']
      : []),
    ...(url !== undefined && transport === undefined && isElsewhere(url, host ?? hostname)
      ? ['TURN_HOST has no effect beside TURN_URL, which names another host.']
      : []),
    ...(transport !== undefined && url !== undefined && (host ?? hostname) === undefined
      ? ['TURN_TRANSPORT has no effect without TURN_HOST: TURN_URL says its own.']
      : []),
  ];
}

/** One line for the operator: the configuration, without the secrets. */
export function describeTurn(urls: readonly string[]): string {
  return urls.length > 0 ? urls.join(', ') : 'none';
}

/** Addresses of all servers of a configuration. */
export function turnUrls({ servers, stun }: ConfiguredTurn): string[] {
  return [...stun, ...servers.flatMap(({ urls }) => urls)];
}

/** Gives each server without an id one that no other server has. */
function named(entries: readonly TurnServerEntry[]): TurnServerEntry[] {
  const taken = new Set<string>();
  for (const { id } of entries) {
    if (id === undefined) continue;
    if (taken.has(id)) {
      throw new TurnConfigError(
        `Two TURN servers of TURN_POOL are called "${id}". Give one of them another "id".`,
      );
    }
    taken.add(id);
  }
  return entries.map((entry) => {
    if (entry.id !== undefined) return entry;
    const base = idOf(entry.urls[0] ?? '');
    let id = base;
    for (let n = 2; taken.has(id); n++) id = `${base}-${n}`;
    taken.add(id);
    return { ...entry, id };
  });
}

/** Host and port: unique among servers, and known to the operator. */
function idOf(url: string): string {
  const parsed = parseTurnUrl(url);
  if (!parsed) throw new TurnConfigError(`"${url}" is not the address of a TURN server.`);
  const { host, port } = parsed;
  return host.includes(':') ? `v6-${host}-${port}` : `${host}:${port}`;
}

function gateway(turn: Config['turn']): TurnServerEntry[] {
  const { sharedSecret } = turn;
  if (sharedSecret === undefined) return [];
  const authType = turn.authType?.toLowerCase().replaceAll('_', '-');
  if (authType !== undefined && !REST_AUTH_TYPES.has(authType)) {
    throw new TurnConfigError(
      `TURN_AUTH_TYPE is "${turn.authType}", which Parley does not know; it knows ${[...REST_AUTH_TYPES].join(', ')}. Credentials made by a guess would give black video.`,
    );
  }
  const urls = gatewayUrls(turn);
  if (urls.length === 0) {
    throw new TurnConfigError(
      'TURN_SHARED_SECRET is set, but not which server it belongs to: set TURN_URL or TURN_HOST.',
    );
  }
  return [{ urls, secret: sharedSecret }];
}

function gatewayUrls(turn: Config['turn']): string[] {
  const hostname = turn.host ?? turn.hostname;
  if (turn.url !== undefined && (turn.transport === undefined || hostname === undefined)) {
    return [turn.url];
  }
  if (hostname === undefined) return [];
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  return (turn.transport ?? ['udp', 'tcp']).map((transport) =>
    transport === 'tls'
      ? `turns:${host}:${turn.port}?transport=tcp`
      : `turn:${host}:${turn.port}?transport=${transport}`,
  );
}

/** TURN_URLS: the addresses of one host are one server. */
function fixed({ urls = [], username, password }: Config['turn']): TurnServerEntry[] {
  const relays = urls.filter((url) => url.startsWith('turn'));
  if (relays.length === 0) return [];
  if (username === undefined || password === undefined) {
    throw new TurnConfigError(
      'TURN_URLS names a TURN server, which needs TURN_USERNAME and TURN_PASSWORD too.',
    );
  }
  const hosts = Map.groupBy(relays, (url) => parseTurnUrl(url)?.host ?? url);
  return [...hosts.values()].map((group) => ({ urls: group, username, password }));
}

function pool({ pool: text }: Config['turn']): TurnServerEntry[] {
  if (text === undefined) return [];
  const result = v.safeParse(v.array(TurnServerEntry), JSON.parse(text), { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  // Without the value: it may be the secret.
  const where = v.getDotPath(issue) ?? 'the whole';
  throw new TurnConfigError(
    `TURN_POOL is not usable: ${where}: ${whatIsWrong(issue)}. It is like ${SAMPLE}.`,
  );
}

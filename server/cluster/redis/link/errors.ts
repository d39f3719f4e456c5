// What Redis answers and how connecting fails, as something to act on.
import { ErrorReply } from 'redis';
import { EVERYTHING, type Missing, rightOf, rightsOf } from './rights.ts';

/** What a server says of itself when one connects. */
export interface ServerFacts {
  version: string;
  clustered: boolean;
}

/** No later try can succeed: the server is not one that Parley can use. */
export class UnusableServer extends Error {}

/** The server knows its user, and its ACL withholds something that Parley needs. */
export class MissingRights extends UnusableServer {
  readonly missing: Missing;
  /** Host and port, where several servers were asked. */
  readonly server: string | undefined;

  constructor(missing: Missing, server?: string) {
    super('The user of REDIS_URL lacks rights');
    this.missing = missing;
    this.server = server;
  }
}

/**
 * What passes by itself: a server that starts, a failover, a slot on its way, memory that is short.
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|MISCONF|OOM)\b/;

export type Refusal =
  | { kind: 'passing' | 'read-only' | 'no-script' | 'moved' | 'final' }
  | { kind: 'ask'; host: string; port: number };

/** @returns undefined when it is no answer at all: the connection failed */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof ErrorReply)) return undefined;
  const { message } = error;
  if (message.startsWith('NOSCRIPT')) return { kind: 'no-script' };
  if (message.startsWith('MOVED ')) return { kind: 'moved' };
  if (message.startsWith('READONLY')) return { kind: 'read-only' };
  const ask = /^ASK \d+ (.*):(\d+)$/.exec(message);
  if (ask?.[1] !== undefined) return { kind: 'ask', host: ask[1], port: Number(ask[2]) };
  return { kind: PASSING.test(message) ? 'passing' : 'final' };
}

/** @throws UnusableServer, or what makes it unusable at the moment */
export async function checkServer(ask: (args: string[]) => Promise<unknown>): Promise<ServerFacts> {
  const hello = (await ask(['HELLO'])) as Readonly<Record<string, unknown>>;
  const { version = '0', mode = 'standalone', role = 'master' } = hello;
  if (mode === 'sentinel') {
    throw new UnusableServer('REDIS_URL names a Redis Sentinel: name the Redis server itself');
  }
  await ask(['PUBSUB', 'SHARDNUMSUB', 'parley']).catch((error: unknown) => {
    const isAboutUser = error instanceof Error && /^NO(PERM|AUTH)\b/.test(error.message);
    throw refusalOf(error)?.kind === 'final' && !isAboutUser
      ? new UnusableServer(
          `Redis ${String(version)} has no sharded pub/sub: Parley needs Redis 7 or Valkey`,
        )
      : error;
  });
  // Not while it loads its data, and not what has become a replica behind an unchanged name.
  await ask(['PING']);
  if (mode !== 'cluster' && role !== 'master') throw new Error('it is a replica, not the master');
  return { version: String(version), clustered: mode === 'cluster' };
}

/** Separates what no later try can change from what may pass. */
export function answerError(cause: unknown): unknown {
  if (!(cause instanceof ErrorReply)) return cause;
  if (/unknown command .?HELLO/i.test(cause.message)) {
    return new UnusableServer('The Redis of REDIS_URL is too old: Parley needs Redis 7 or Valkey');
  }
  if (/SELECT is not allowed in cluster mode/i.test(cause.message)) {
    return new UnusableServer(
      'REDIS_URL names a database number, and a Redis Cluster has only one database',
    );
  }
  const right = rightOf(cause.message);
  // Nothing after it was tried.
  if (right) return new MissingRights({ refused: rightsOf([right]), untried: EVERYTHING });
  return cause;
}

/** Why there is no connection: one clause for a person, without any secret. */
export function describeFailure(cause: unknown, secrets: readonly (string | undefined)[]): string {
  if (cause instanceof ErrorReply && /^(WRONGPASS|NOAUTH)/.test(cause.message)) {
    return 'it refuses the user name or password';
  }
  const { code } = (cause ?? {}) as { code?: unknown };
  if (typeof code === 'string') {
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its host name does not resolve';
    if (code === 'ECONNREFUSED') return 'nothing listens there';
    if (code === 'ECONNRESET') return 'it ends the connection; one with TLS needs rediss://';
    if (/SSL|EPROTO/.test(code)) return 'it does not speak TLS; try redis://';
    if (/CERT|SIGNATURE|ISSUER/.test(code)) {
      return `its TLS certificate is not accepted (${code}); REDIS_TLS_CA can name another authority`;
    }
  }
  let reason = cause instanceof Error && cause.message !== '' ? cause.message : 'no answer';
  for (const secret of secrets) {
    if (secret) reason = reason.replaceAll(secret, '[redacted]');
  }
  return reason;
}

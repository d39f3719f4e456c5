// A server whose pool has one coturn, and another one to be added to it.
import assert from 'node:assert/strict';
import type { IceServer } from '../../../shared/media/rtp.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { AUTH_TOKEN, Operator } from '../../support/server/operator.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { type Coturn, startCoturn } from '../../support/turn/coturn.ts';

/** Servers on one host fall together and are not given together: each has a loopback address. */
/** Servers on one host fall together and are not given together: each has a loopback address. */
export const HOSTS = ['127.0.0.1', '127.0.0.2'] as const;
/** What is asked of it: a dead server is in no new credentials after this time. */
export const OUT_WITHIN_MS = 10_000;

export type Pool = { server: TestServer; operator: Operator; one: Coturn; two: Coturn };

/** A server with one coturn in its configuration, and another one to be added. */
export async function start(
  t: Parameters<typeof startServer>[0],
  env: Record<string, string> = {},
): Promise<Pool> {
  const [one, two] = await Promise.all(HOSTS.map((address) => startCoturn('secret', { address })));
  assert.ok(one && two);
  const owned = ownedBy(t);
  owned.use(one);
  owned.use(two);
  const server = await startServer(t, { ...one.env, AUTH_TOKEN, ...env });
  return { server, operator: new Operator(server.url), one, two };
}

/** Hosts and ports that somebody was given. */
export const serversIn = (iceServers: readonly IceServer[]) =>
  iceServers.map(({ urls }) => urls[0]?.replace(/^turn:|\?.*$/g, '')).sort();

export async function join(
  t: Parameters<typeof startServer>[0],
  server: TestServer,
  operator: Operator,
) {
  const { token } = await operator.invite('team');
  const client = await RawClient.open(t, server.signalingUrl);
  const joined = await client.join('team', { token });
  return { client, joined, given: serversIn(joined.media.iceServers) };
}

// Probes of a real coturn, with a transport of a real media worker as the target: what works, and why not.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { TurnAllocation } from '../../../server/turn/client/turn-client.ts';
import { checkIce, stunBinding } from '../../../server/turn/probe/ice-check.ts';
import {
  type ProbeFailure,
  type ProbeOptions,
  type ProbeResult,
  probeTurn,
} from '../../../server/turn/probe/probe.ts';
import { freePort } from '../../support/network/ports.ts';
import { until } from '../../support/process/until.ts';
import { ownedBy } from '../../support/server/owned.ts';
import {
  type Coturn,
  type CoturnOptions,
  startCoturn,
  turnPassword,
} from '../../support/turn/coturn.ts';
import { endpointOf, startTarget } from '../../support/turn/turn-target.ts';

const TIMEOUT_MS = 5_000;
/** Where an answer would come at once, if there were one. */
const SILENCE_MS = 1_200;
const HOUR_S = 3_600;

async function coturn(context: TestContext, options: CoturnOptions = {}): Promise<Coturn> {
  return ownedBy(context).use(await startCoturn('secret', options));
}

/** Credentials of the TURN REST pattern. */
function minted(
  inSeconds = HOUR_S,
  secret?: string,
): Pick<ProbeOptions, 'username' | 'credential'> {
  const username = `${Math.floor(Date.now() / 1000) + inSeconds}:probe`;
  return { username, credential: turnPassword(username, secret) };
}

function probe(url: string, options: Partial<ProbeOptions> = {}): Promise<ProbeResult> {
  return probeTurn({ url, ...minted(), target: undefined, timeoutMs: TIMEOUT_MS, ...options });
}

function isOk(result: ProbeResult): asserts result is Extract<ProbeResult, { ok: true }> {
  assert.ok(result.ok, JSON.stringify(result));
}

function failsWith(result: ProbeResult, failure: ProbeFailure): string {
  assert.ok(!result.ok, 'it should fail');
  assert.equal(result.failure, failure, result.message);
  return result.message;
}

/** Complains at once about anything that is no request. */
async function webServer(context: TestContext): Promise<{ web: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => void server.close());
  return { web: (server.address() as AddressInfo).port };
}

test('the relay reaches the media port by every transport', async (context) => {
  const [turn, target] = [await coturn(context, { tls: true }), await startTarget(context)];
  const tls = turn.tls!;
  const urls = [
    `turn:127.0.0.1:${turn.port}`,
    `turn:127.0.0.1:${turn.port}?transport=tcp`,
    `turn:localhost:${turn.port}?transport=tcp`,
    `turns:localhost:${tls.port}`,
    `turns:127.0.0.1:${tls.port}?transport=tcp`,
  ];
  for (const url of urls) {
    const result = await probe(url, { target, tlsCa: tls.ca });
    isOk(result);
    assert.equal(result.mapped.address, '127.0.0.1');
    assert.equal(result.relayed.address, '127.0.0.1');
    assert.ok(result.relayed.port >= 61_000);
    assert.ok(result.roundTripMs > 0 && result.roundTripMs < TIMEOUT_MS);
  }
  const lines = () => turn.process.lines.join('\n');
  // What a probe took it gives back.
  await until('all allocations to be gone', () => {
    assert.equal(lines().match(/refreshed.*lifetime=0/g)?.length, urls.length, lines());
  });
});

test('IPv6 works like IPv4, and the two are not mixed up', async (context) => {
  const turn = await coturn(context, { address: '::1' });
  const url = `turn:[::1]:${turn.port}`;
  const v6 = await startTarget(context, ['::1']);
  for (const transport of ['udp', 'tcp']) {
    const result = await probe(`${url}?transport=${transport}`, { target: v6 });
    isOk(result);
    assert.deepEqual([result.mapped.address, result.relayed.address], ['::1', '::1']);
  }
  // Where media has both, a relay for IPv4 is asked for, as browsers do; this one has none.
  const both = await startTarget(context, ['127.0.0.1', '::1']);
  failsWith(await probe(url, { target: both }), 'unsupported');
});

test('a probe without a target only allocates', async (context) => {
  const turn = await coturn(context);
  isOk(await probe(`turn:127.0.0.1:${turn.port}`));
});

test('a fixed user works like a minted one', async (context) => {
  const turn = ownedBy(context).use(await startCoturn('static'));
  const { TURN_URLS: url = '', TURN_USERNAME: username, TURN_PASSWORD: credential } = turn.env;
  isOk(await probe(url, { username: username!, credential: credential! }));
  failsWith(await probe(url, { username: username!, credential: 'wrong' }), 'unauthorized');
});

test('a wrong secret and an expiry in the past are reported', async (context) => {
  const turn = await coturn(context);
  for (const transport of ['udp', 'tcp']) {
    const url = `turn:127.0.0.1:${turn.port}?transport=${transport}`;
    failsWith(await probe(url, minted(HOUR_S, 'another secret')), 'unauthorized');
    const expired = await probe(url, minted(-HOUR_S));
    const message = failsWith(expired, 'unauthorized');
    assert.ok(!message.includes(minted().credential));
    assert.deepEqual(!expired.ok && expired.code, 401);
  }
});

test('a server that does not exist is reported', async () => {
  const port = await freePort();
  failsWith(await probe(`turn:127.0.0.1:${port}`), 'refused_connection');
  failsWith(await probe(`turn:127.0.0.1:${port}?transport=tcp`), 'refused_connection');
  failsWith(await probe(`turns:127.0.0.1:${port}`), 'refused_connection');
  failsWith(await probe('turn:nowhere.invalid'), 'unresolvable');
});

test('a silent server is reported, in time', async (context) => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  context.after(() => void silent.close());
  await once(silent, 'listening');
  let asked = 0;
  silent.on('message', () => asked++);
  const startedAt = performance.now();
  const url = `turn:127.0.0.1:${silent.address().port}`;
  failsWith(await probe(url, { timeoutMs: 2_000 }), 'timeout');
  assert.ok(performance.now() - startedAt < 6_000);
  // At 0, 0.5 and 1.5 s, unless this machine stood still at the last one.
  assert.ok(asked === 3 || asked === 2, `asked ${asked} times`);
});

test('an address that is no TURN server’s is reported', async (context) => {
  const [turn, target] = [await coturn(context), await startTarget(context)];
  failsWith(await probe(`stun:127.0.0.1:${turn.port}`), 'unsupported');
  failsWith(await probe('https://127.0.0.1'), 'unsupported');
  failsWith(await probe(`turns:127.0.0.1:${turn.port}?transport=udp`), 'unsupported');
  const { web } = await webServer(context);
  failsWith(await probe(`turn:127.0.0.1:${web}?transport=tcp`), 'protocol');
  // A media port: it listens, but does not know what is asked.
  const { port } = endpointOf(target, 'tcp');
  failsWith(
    await probe(`turn:127.0.0.1:${port}?transport=tcp`, { timeoutMs: SILENCE_MS }),
    'timeout',
  );
});

test('a certificate without a known authority is reported', async (context) => {
  const turn = await coturn(context, { tls: true });
  const { port, ca } = turn.tls!;
  assert.match(failsWith(await probe(`turns:localhost:${port}`), 'tls'), /SELF_SIGNED/);
  const other = { port, ca: (await coturn(context, { tls: true })).tls?.ca };
  failsWith(await probe(`turns:localhost:${other.port}`, { tlsCa: other.ca }), 'tls');
  isOk(await probe(`turns:localhost:${port}`, { tlsCa: ca }));
  const { web } = await webServer(context);
  failsWith(await probe(`turns:127.0.0.1:${web}`), 'tls');
});

test('a peer that the server denies is reported', async (context) => {
  const turn = await coturn(context, { allowedPeers: ['192.0.2.1'] });
  const target = await startTarget(context);
  const result = await probe(`turn:127.0.0.1:${turn.port}`, { target });
  assert.match(failsWith(result, 'forbidden'), /allowed-peer-ip/);
});

test('a relay whose packets do not arrive is reported', async (context) => {
  const [turn, target] = [await coturn(context), await startTarget(context)];
  const candidates = [{ ...endpointOf(target, 'udp'), port: await freePort() }];
  const nowhere = { ...target, candidates };
  const url = `turn:127.0.0.1:${turn.port}`;
  failsWith(await probe(url, { target: nowhere, timeoutMs: SILENCE_MS }), 'relay_blocked');
  const noUdp = { ...target, candidates: [endpointOf(target, 'tcp')] };
  failsWith(await probe(url, { target: noUdp }), 'relay_blocked');
  const stranger = { ...target, usernameFragment: 'somebodyelse' };
  failsWith(await probe(url, { target: stranger, timeoutMs: SILENCE_MS }), 'relay_blocked');
  // One way that works is enough.
  isOk(
    await probe(url, { target: { ...target, candidates: [...candidates, ...target.candidates] } }),
  );
});

test('a quota that is used up is reported', async (context) => {
  const turn = await coturn(context, { userQuota: 1 });
  const url = `turn:127.0.0.1:${turn.port}?transport=tcp`;
  const credentials = minted();
  const taken = await TurnAllocation.open({ url, ...credentials, timeoutMs: TIMEOUT_MS });
  const result = await probe(url, credentials);
  failsWith(result, 'quota');
  assert.equal(!result.ok && result.code, 486);
  await taken.close();
  await until('the allocation to be free again', async () => isOk(await probe(url, credentials)));
});

test('a media port answers those who know its transport, and nobody else', async (context) => {
  const target = await startTarget(context);
  for (const protocol of ['udp', 'tcp'] as const) {
    const endpoint = endpointOf(target, protocol);
    const right = await checkIce({ ...endpoint, ...target, timeoutMs: TIMEOUT_MS });
    assert.ok(right.ok, JSON.stringify(right));
    assert.deepEqual(right.mapped, right.local && { ...right.mapped, port: right.local.port });
    const strange = { ...target, usernameFragment: 'somebodyelse' };
    const unknown = await checkIce({ ...endpoint, ...strange, timeoutMs: SILENCE_MS });
    assert.equal(!unknown.ok && unknown.failure, 'no_answer', JSON.stringify(unknown));
    const guess = { ...target, password: 'a guess' };
    const guessed = await checkIce({ ...endpoint, ...guess, timeoutMs: SILENCE_MS });
    assert.equal(!guessed.ok && guessed.failure, 'wrong_answer', JSON.stringify(guessed));
    const nobody = { ...endpoint, port: await freePort() };
    const refused = await checkIce({ ...nobody, ...target, timeoutMs: TIMEOUT_MS });
    assert.equal(!refused.ok && refused.failure, 'refused_connection', JSON.stringify(refused));
  }
});

test('another program on the media port is recognised', async (context) => {
  const [turn, target] = [await coturn(context), await startTarget(context)];
  const endpoint = { address: '127.0.0.1', port: turn.port, protocol: 'udp' as const };
  const result = await checkIce({ ...endpoint, ...target, timeoutMs: SILENCE_MS });
  assert.equal(!result.ok && result.failure, 'wrong_answer', JSON.stringify(result));
});

test('a STUN server says from where we ask', async (context) => {
  const turn = await coturn(context);
  const localPort = await freePort();
  for (const protocol of ['udp', 'tcp'] as const) {
    const server = { address: '127.0.0.1', port: turn.port, protocol };
    const result = await stunBinding({ ...server, localPort, timeoutMs: TIMEOUT_MS });
    assert.ok(result.ok, JSON.stringify(result));
    assert.deepEqual(result.mapped, { address: '127.0.0.1', port: localPort });
  }
});

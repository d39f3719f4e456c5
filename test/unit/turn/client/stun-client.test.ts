// The TURN client against a server of the test's own: lost packets, stale nonces, strangers, the end.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  ATTRIBUTE,
  hasIntegrity,
  longTermKey,
  METHOD,
  parseStun,
  type StunMessage,
  textOf,
  uint32Of,
} from '../../../../server/turn/client/stun-message.ts';
import { TurnAllocation } from '../../../../server/turn/client/turn-client.ts';
import { probeTurn } from '../../../../server/turn/probe/probe.ts';
import {
  type Answers,
  CREDENTIALS,
  challenge,
  LOOPBACK,
  success,
  udpServer,
} from '../../../support/turn/hostile.ts';

const TIMEOUT_MS = 3_000;
const STALE_NONCE = 0x426;
const key = longTermKey(CREDENTIALS.username, 'realm', CREDENTIALS.credential);
const isSigned = (request: StunMessage) => request.integrityAt !== undefined;

function open(port: number): Promise<TurnAllocation> {
  const url = `turn:${LOOPBACK}:${port}`;
  return TurnAllocation.open({ url, ...CREDENTIALS, timeoutMs: TIMEOUT_MS });
}

test('a request is signed with what the server said, and a stale nonce replaced', async (context) => {
  const nonces: (string | undefined)[] = [];
  const port = await udpServer(context, (request) => {
    const nonce = textOf(request, ATTRIBUTE.nonce);
    nonces.push(nonce);
    if (!isSigned(request)) return [challenge(request)];
    assert.ok(hasIntegrity(request, key));
    assert.equal(textOf(request, ATTRIBUTE.username), CREDENTIALS.username);
    if (nonce === 'nonce') return [challenge(request, STALE_NONCE, Buffer.from('a later one'))];
    return [success(request)];
  });
  const allocation = await open(port);
  assert.deepEqual(nonces, [undefined, 'nonce', 'a later one']);
  assert.deepEqual(allocation.relayed, { address: LOOPBACK, port: 7 });
  await allocation.close();
});

test('what gets lost is sent again, and an answer that comes twice counts once', async (context) => {
  const seen = new Set<string>();
  let requests = 0;
  const port = await udpServer(context, (request) => {
    requests += 1;
    const id = request.transactionId.toString('hex');
    const isFirst = !seen.has(id);
    seen.add(id);
    if (isFirst && request.method === METHOD.allocate) return [];
    const answer = isSigned(request) ? success(request) : challenge(request);
    return [answer, answer];
  });
  const allocation = await open(port);
  assert.equal(requests, 4, 'each of the two requests was sent twice');
  await allocation.close();
});

test('an allocation is given back, once, and nothing goes through it any more', async (context) => {
  const requests: StunMessage[] = [];
  const answers: Answers = (request) => {
    requests.push(request);
    return [isSigned(request) ? success(request) : challenge(request)];
  };
  const allocation = await open(await udpServer(context, answers));
  let ended = 0;
  allocation.listen(new AbortController().signal, { data() {}, end: () => ended++ });
  await Promise.all([allocation.close(), allocation.close()]);
  await allocation.close();
  const last = requests.at(-1);
  assert.ok(last && requests.length === 3);
  assert.deepEqual([last.method, uint32Of(last, ATTRIBUTE.lifetime)], [METHOD.refresh, 0]);
  assert.equal(ended, 1);
  allocation.send(Buffer.from('late'), { address: LOOPBACK, port: 9 });
  await assert.rejects(allocation.createPermission(LOOPBACK, TIMEOUT_MS), /closed/);
});

test('what comes from elsewhere is not heard', async (context) => {
  const stranger = createSocket('udp4').bind(0, LOOPBACK);
  const server = createSocket('udp4').bind(0, LOOPBACK);
  context.after(() => {
    stranger.close();
    server.close();
  });
  await Promise.all([once(stranger, 'listening'), once(server, 'listening')]);
  server.on('message', (packet, from) => {
    const request = parseStun(packet);
    // The right answer, from the wrong place.
    if (request) stranger.send(challenge(request), from.port, from.address);
  });
  const url = `turn:${LOOPBACK}:${server.address().port}`;
  const result = await probeTurn({ url, ...CREDENTIALS, target: undefined, timeoutMs: 400 });
  assert.equal(!result.ok && result.failure, 'timeout');
});

test('no message for people has a secret in it', async (context) => {
  const says: Answers[] = [
    (request) => [challenge(request)],
    (request) => [isSigned(request) ? success(request, Buffer.from('x')) : challenge(request)],
    () => [],
  ];
  for (const answers of says) {
    const url = `turn:${LOOPBACK}:${await udpServer(context, answers)}`;
    const result = await probeTurn({ url, ...CREDENTIALS, target: undefined, timeoutMs: 400 });
    assert.ok(!result.ok && !result.message.includes(CREDENTIALS.credential));
  }
});

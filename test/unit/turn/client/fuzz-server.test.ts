// No server, and nothing on a media port, makes a probe do anything but fail, in its time.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ATTRIBUTE,
  encodeStun,
  METHOD,
  newTransactionId,
  parseStun,
  uint32,
} from '../../../../server/turn/client/stun-message.ts';
import { checkIce } from '../../../../server/turn/probe/ice-check.ts';
import { type ProbeResult, probeTurn } from '../../../../server/turn/probe/probe.ts';
import { until } from '../../../support/process/until.ts';
import {
  type Answers,
  CREDENTIALS,
  challenge,
  data,
  full,
  LOOPBACK,
  mutated,
  plausible,
  success,
  tcpServer,
  udpServer,
} from '../../../support/turn/hostile.ts';

const TIMEOUT_MS = 700;
/** What a busy machine may add. */
const SLACK_MS = 1_500;
const MEMORY_BYTES = 150 * 1024 * 1024;

async function probeInTime(url: string): Promise<ProbeResult> {
  const startedAt = performance.now();
  const result = await probeTurn({
    ...{ url, ...CREDENTIALS, timeoutMs: TIMEOUT_MS },
    target: {
      candidates: [{ address: LOOPBACK, port: 9, protocol: 'udp' }],
      ...{ usernameFragment: 'fragment', password: 'password' },
    },
  });
  assert.ok(performance.now() - startedAt < TIMEOUT_MS + SLACK_MS, 'it took too long');
  return result;
}

/** Sockets and timers that are open. */
function handles(): string[] {
  const kinds = /^(UDP|TCP|TLS|Timeout)/;
  return process.getActiveResourcesInfo().filter((kind) => kinds.test(kind));
}

const HOSTILE: Readonly<Record<string, { says: Answers; failure: string }>> = {
  garbage: { says: () => [Buffer.from('garbage'), Buffer.alloc(1)], failure: 'timeout' },
  'its own request': { says: ({ bytes }) => [Buffer.from(bytes)], failure: 'timeout' },
  'the same challenge for ever': { says: (r) => [challenge(r)], failure: 'unauthorized' },
  'a new nonce for ever': { says: (r) => [challenge(r, 0x426)], failure: 'protocol' },
  'an error without a code': {
    says: (r) => [encodeStun({ ...r, class: 'error', attributes: [] })],
    failure: 'protocol',
  },
  'a challenge without a nonce': {
    says: (r) => [
      encodeStun({ ...r, class: 'error', attributes: [[ATTRIBUTE.errorCode, uint32(0x401)]] }),
    ],
    failure: 'protocol',
  },
  'a nonce that fits into no request': {
    says: (r) => [challenge(r, 0x401, Buffer.alloc(60_000, 'n'))],
    failure: 'protocol',
  },
  'an allocation without an address': {
    says: (r) => [encodeStun({ ...r, class: 'success', attributes: [] })],
    failure: 'protocol',
  },
  'a success signed by somebody else': {
    says: (r) => [r.integrityAt === undefined ? challenge(r) : success(r, Buffer.from('other'))],
    failure: 'protocol',
  },
  'answers of other transactions': {
    says: (r) => [success({ ...r, transactionId: newTransactionId() })],
    failure: 'timeout',
  },
  'a permission, and then data that is no answer': {
    says: (r) =>
      r.integrityAt === undefined
        ? [challenge(r)]
        : [success(r), ...[Buffer.alloc(0), Buffer.alloc(1_000, 'a'), r.bytes].map(data)],
    failure: 'relay_blocked',
  },
};

for (const [what, { says, failure }] of Object.entries(HOSTILE)) {
  test(`a server that answers with ${what} only fails the probe`, async (context) => {
    const overUdp = await probeInTime(`turn:${LOOPBACK}:${await udpServer(context, says)}`);
    const tcp = await tcpServer(context, (socket) => {
      socket.on('data', (packet) => {
        const request = parseStun(packet);
        for (const answer of request ? says(request) : []) socket.write(answer);
      });
    });
    const overTcp = await probeInTime(`turn:${LOOPBACK}:${tcp}?transport=tcp`);
    assert.equal(!overUdp.ok && overUdp.failure, failure, JSON.stringify(overUdp));
    // What is no message ends a stream at once: nothing behind it could be found.
    const onStream = what === 'garbage' ? 'protocol' : failure;
    assert.equal(!overTcp.ok && overTcp.failure, onStream, JSON.stringify(overTcp));
  });
}

test('a flood of datagrams ends with the probe', async (context) => {
  const server = createSocket('udp4').bind(0, LOOPBACK);
  let flooding = true;
  context.after(() => {
    flooding = false;
    server.close();
  });
  await once(server, 'listening');
  const before = process.memoryUsage().rss;
  server.once('message', (packet, from) => {
    const request = parseStun(packet);
    assert.ok(request);
    const stranger = { ...request, transactionId: newTransactionId() };
    const packets = [challenge(stranger), Buffer.alloc(60_000, 1), data(Buffer.alloc(9_000))];
    const send = () => {
      if (!flooding) return;
      for (const sent of packets) server.send(sent, from.port, from.address, () => {});
      setImmediate(send);
    };
    send();
  });
  const result = await probeInTime(`turn:${LOOPBACK}:${server.address().port}`);
  assert.equal(!result.ok && result.failure, 'timeout');
  assert.ok(process.memoryUsage().rss - before < MEMORY_BYTES);
});

/** Writes without end, as fast as it is read. */
function flood(socket: Socket, chunk: Buffer): void {
  const write = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', write);
  write();
}

function repeated(count: number, packet: () => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, packet));
}

const STREAMS: readonly [string, Buffer][] = [
  ['zeros', Buffer.alloc(65_536)],
  ['text', Buffer.alloc(65_536, 'HTTP/1.1 200 OK\r\n\r\n')],
  ['empty messages', repeated(3_000, () => encodeStun({ method: 1, class: 'indication' }))],
  ['data of peers', repeated(7, () => data(Buffer.alloc(9_000)))],
];

test('a stream without end ends with the probe, and takes no memory', async (context) => {
  for (const [what, chunk] of STREAMS) {
    const port = await tcpServer(context, (socket) => flood(socket, chunk));
    const before = process.memoryUsage().rss;
    const result = await probeInTime(`turn:${LOOPBACK}:${port}?transport=tcp`);
    assert.ok(!result.ok, what);
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < MEMORY_BYTES, `${what}: ${grown} bytes more`);
  }
});

test('a message that is begun and never ends is not waited for', async (context) => {
  const port = await tcpServer(context, (socket) => {
    const begun = encodeStun({ method: METHOD.data, class: 'indication' });
    begun.writeUInt16BE(0xfffc, 2);
    socket.write(begun);
    const drip = setInterval(() => socket.write(Buffer.alloc(1)), 5);
    socket.on('close', () => clearInterval(drip));
  });
  const result = await probeInTime(`turn:${LOOPBACK}:${port}?transport=tcp`);
  assert.equal(!result.ok && result.failure, 'timeout');
});

test('a server that says nothing to a TLS handshake is left in time', async (context) => {
  const port = await tcpServer(context, () => {});
  const result = await probeInTime(`turns:${LOOPBACK}:${port}`);
  assert.equal(!result.ok && result.failure, 'timeout');
});

test('whatever answers on a media port only fails the check', async (context) => {
  const answers: Answers[] = [
    () => [Buffer.alloc(0), Buffer.from('x')],
    (r) => [Buffer.from(r.bytes)],
    (r) => [success(r), full(METHOD.binding, 'error', r.transactionId)],
  ];
  for (const says of answers) {
    const port = await udpServer(context, says);
    const result = await checkIce({
      ...{ address: LOOPBACK, port, protocol: 'udp', timeoutMs: TIMEOUT_MS },
      ...{ usernameFragment: 'fragment', password: 'password' },
    });
    assert.equal(!result.ok && result.failure, 'wrong_answer', JSON.stringify(result));
  }
});

test('random answers: always a result, never anything left behind', async (context) => {
  let reply: readonly Buffer[] = [];
  // With the id of our own request, which is what lets an answer in.
  const port = await udpServer(context, ({ transactionId }) =>
    reply.map((packet) => {
      const copy = Buffer.from(packet);
      transactionId.copy(copy, Math.min(8, copy.length));
      return copy;
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(mutated, plausible), { maxLength: 4 }), async (packets) => {
      reply = packets;
      const url = `turn:${LOOPBACK}:${port}`;
      const result = await probeTurn({ url, ...CREDENTIALS, target: undefined, timeoutMs: 20 });
      assert.equal(typeof result.ok, 'boolean');
    }),
    { numRuns: 100 },
  );
  await until('nothing but our server to be left open', () => {
    assert.deepEqual(handles(), ['UDPWrap']);
  });
});

// The media side against real workers: what clients are told of it is true.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createWorker } from 'mediasoup';
import { ROUTER_CODECS, ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { until } from '../../support/process/until.ts';
import { startServer, workerBinary } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { ownedBy } from '../../support/server/owned.ts';

const hasIPv6Loopback = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1');

test('the capabilities that clients know beforehand are those of a real router', async (t) => {
  const worker = await createWorker({ workerBin: await workerBinary() });
  ownedBy(t).defer(() => worker.close());
  const router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] });
  const real = JSON.parse(JSON.stringify(router.rtpCapabilities));
  assert.deepEqual(ROUTER_RTP_CAPABILITIES, real, 'run: npm run update:capabilities');
});

test('media is offered on IPv4 and IPv6, over UDP and TCP, on one port', {
  skip: !hasIPv6Loopback && 'this machine has no ::1',
}, async (t) => {
  const server = await startServer(t, { MEDIA_LISTEN_ADDRESSES: '127.0.0.1,::1' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const { media } = await ada.join('team');
  const [port] = server.app.media.ports;
  for (const { iceCandidates } of [media.send, media.recv]) {
    assert.deepEqual(
      iceCandidates
        .map((candidate) => `${candidate.protocol} ${candidate.address} ${candidate.port}`)
        .sort(),
      ['tcp 127.0.0.1', 'tcp ::1', 'udp 127.0.0.1', 'udp ::1'].map((start) => `${start} ${port}`),
    );
    const best = iceCandidates.toSorted((a, b) => b.priority - a.priority)[0];
    assert.equal(best?.protocol, 'udp', 'UDP is preferred');
  }
});

test('what a worker has not read yet is kept, as much as is set and the system gives', async (t) => {
  // Linux counts twice what is asked for, and gives no more than the limit.
  const most = Number(await readFile('/proc/sys/net/core/rmem_max', 'utf8'));
  for (const bytes of [100_000, 150_000]) {
    const server = await startServer(t, { MEDIA_RECEIVE_BUFFER_BYTES: String(bytes) });
    const [port] = server.app.media.ports;
    const { stdout } = await promisify(execFile)('ss', ['-lunmH', `sport = :${port}`]);
    const sizes = [...stdout.matchAll(/rb(\d+)/g)].map(([, size]) => Number(size));
    assert.ok(sizes.length > 0, stdout);
    assert.deepEqual(new Set(sizes), new Set([2 * Math.min(bytes, most)]));
  }
});

test('only the protocols that are wanted are offered', async (t) => {
  for (const protocol of ['udp', 'tcp']) {
    const server = await startServer(t, { MEDIA_PROTOCOLS: protocol });
    const ada = await RawClient.open(t, server.signalingUrl);
    const { media } = await ada.join('team');
    assert.deepEqual([...new Set(media.send.iceCandidates.map((c) => c.protocol))], [protocol]);
  }
});

test('a public address is offered besides the internal one', async (t) => {
  const server = await startServer(t, {
    ANNOUNCED_ADDRESS: 'media.example.org',
    MEDIA_PROTOCOLS: 'udp',
  });
  const ada = await RawClient.open(t, server.signalingUrl);
  const { media } = await ada.join('team');
  assert.deepEqual(media.send.iceCandidates.map(({ address }) => address).sort(), [
    '127.0.0.1',
    'media.example.org',
  ]);
});

test('the addresses behind an announced hostname are offered too, for browsers that take no name', async (t) => {
  const server = await startServer(t, {
    MEDIA_LISTEN_ADDRESSES: '127.0.0.2',
    ANNOUNCED_ADDRESS: 'localhost',
    MEDIA_PROTOCOLS: 'udp',
  });
  const ada = await RawClient.open(t, server.signalingUrl);
  const { media } = await ada.join('team');
  const [port] = server.app.media.ports;
  for (const { iceCandidates } of [media.send, media.recv]) {
    const offered = iceCandidates.map((candidate) => candidate.address);
    for (const address of ['localhost', '127.0.0.1', '127.0.0.2']) {
      assert.ok(offered.includes(address), `${address} is not among ${offered}`);
    }
    assert.ok(iceCandidates.every((candidate) => candidate.port === port));
  }
});

test('a start warns of an announced address that does not lead back, and of no other', async (t) => {
  const warned = async (announced: string) => {
    const server = await startServer(t, { ANNOUNCED_ADDRESS: announced, LOG_LEVEL: 'debug' });
    await until('the addresses to be checked', () => {
      // The check's own router is gone when it is over.
      assert.equal(server.counts().router, 0);
      assert.ok(
        server.logLines.some((line) => line.includes('the announced addresses were checked')),
      );
    });
    return server.logLines.filter((line) => line.includes('does not lead back'));
  };
  // By name, too: what it resolves to is where media listens.
  assert.deepEqual(await warned('localhost'), []);
  assert.deepEqual(await warned('127.0.0.1'), []);
  const lines = await warned('127.0.0.2');
  assert.deepEqual(lines.map((line) => JSON.parse(line).protocol).sort(), ['tcp', 'udp']);
  for (const line of lines) {
    const { level, address, msg } = JSON.parse(line);
    assert.deepEqual([level, address], [40, '127.0.0.2']);
    assert.match(msg, /ANNOUNCED_ADDRESS.*forwarded unchanged.*parley doctor/);
  }
});

test('each participant gets TURN credentials of their own, and new ones before they end', async (t) => {
  const secret = 'a-secret-of-the-tests-alone';
  const server = await startServer(t, {
    TURN_SHARED_SECRET: secret,
    TURN_HOST: 'turn.example.org',
    TURN_TTL_SECONDS: '10',
    TURN_URLS: 'stun:stun.example.org',
    // Its probes would open a transport now and then.
    TURN_PROBE_INTERVAL_MS: '300000',
  });
  const ada = await RawClient.open(t, server.signalingUrl);
  const { media, participantId } = await ada.join('team');
  const [stun, turn] = media.iceServers;
  assert.deepEqual(stun, { urls: ['stun:stun.example.org'] });
  const [expiry = '', user] = turn?.username?.split(':') ?? [];
  assert.equal(user, participantId);
  assert.equal(media.iceServersExpireAt, Number(expiry) * 1_000);
  const password = createHmac('sha1', secret).update(`${expiry}:${participantId}`).digest('base64');
  assert.equal(turn?.credential, password);

  const renewed = await ada.event('iceServers');
  assert.ok(Date.now() < Number(expiry) * 1_000, 'before the old ones end');
  assert.ok((renewed.iceServersExpireAt ?? 0) > Number(expiry) * 1_000);
  const restarted = await ada.request('restartIce', { epoch: media.epoch, direction: 'send' });
  assert.equal(restarted.iceServers.length, 2);
  await ada.request('leave', {});
  await server.becomesIdleBut(1);
  assert.ok(!server.logLines.some((line) => line.includes(secret)), 'the secret is in no log line');
});

test('a room’s media starts with its first participant and ends with its last', async (t) => {
  const server = await startServer(t, { WORKERS: '2' });
  const clients = await Promise.all([1, 2, 3, 4].map(() => RawClient.open(t, server.signalingUrl)));
  await Promise.all(clients.map((client, n) => client.join(n % 2 ? 'one' : 'two')));
  assert.equal(server.counts().router, 2, 'however many come at once');
  await Promise.all(clients.map((client) => client.request('leave', {})));
  await server.becomesIdleBut(4);
});

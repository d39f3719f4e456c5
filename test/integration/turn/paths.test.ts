// How packets travel, told to the server; and a relay that goes away, left while media flows. With a
// real media server and real TURN servers (RFC 8656), and a server that says what the test tells it to.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Call } from '../../../client/sdk/session/types.ts';
import type { IceServer } from '../../../shared/media/rtp.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import { cameraTrack } from '../../support/sdk/media.ts';
import { CAMERA, ScriptedSfu } from '../../support/sdk/scripted-sfu.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { type Coturn, startCoturn } from '../../support/turn/coturn.ts';

async function coturn(t: TestContext): Promise<{ coturn: Coturn; server: IceServer }> {
  const started = await startCoturn('static');
  ownedBy(t).defer(() => started[Symbol.asyncDispose]());
  const { TURN_URLS: url = '', TURN_USERNAME: username = '', TURN_PASSWORD = '' } = started.env;
  return { coturn: started, server: { urls: [url], username, credential: TURN_PASSWORD } };
}

function camera(t: TestContext) {
  const { track } = ownedBy(t).use(cameraTrack());
  return { source: 'camera', track } as const;
}

/** Frames of Ben's camera that were decoded. */
async function frames(call: Call): Promise<number> {
  const { recv } = await call.stats();
  const entries = [...(recv?.values() ?? [])];
  return entries.reduce((sum, { framesDecoded = 0 }) => sum + framesDecoded, 0);
}

async function moves(call: Call): Promise<void> {
  const before = await frames(call);
  await until('pictures to come', async () => assert.ok((await frames(call)) > before + 3), {
    withinMs: DEADLINES.media,
  });
}

/** What the server was told last, of both directions. */
function lastTold(sfu: ScriptedSfu) {
  const of = (direction: string) =>
    sfu.requests('path').findLast((report) => report.direction === direction)?.path;
  return { send: of('send'), recv: of('recv') };
}

test('a direct path is reported once, for both directions', async (t) => {
  const sfu = await ScriptedSfu.start(t);
  const call = await sfu.join(t, [camera(t)]);
  const changes: unknown[] = [];
  call.on('paths', ({ send, recv }) => changes.push([send.kind, recv.kind]));
  await moves(call);
  await until('both to be told', () => {
    const { send, recv } = lastTold(sfu);
    assert.deepEqual([send?.kind, recv?.kind], ['direct', 'direct']);
    assert.deepEqual([send?.protocol, recv?.protocol], ['udp', 'udp']);
  });
  assert.deepEqual(
    sfu.requests('path').map(({ epoch }) => epoch),
    [1, 1],
  );
  assert.deepEqual([call.paths.send.kind, call.paths.recv.kind], ['direct', 'direct']);
  assert.deepEqual(changes.at(-1), ['direct', 'direct']);
});

/** Somebody who sends and receives through the first of two TURN servers. */
async function relayed(t: TestContext) {
  const [first, second] = await Promise.all([coturn(t), coturn(t)]);
  const sfu = await ScriptedSfu.start(t);
  sfu.iceServers = [first.server];
  const call = await sfu.join(t, [camera(t)], {}, { relayOnly: true });
  await moves(call);
  await until('both to be relayed', () => {
    const { send, recv } = lastTold(sfu);
    assert.deepEqual([send?.kind, recv?.kind], ['relay', 'relay']);
  });
  return { first, second, sfu, call };
}

test('TURN servers that go away are left, while media flows', async (t) => {
  const { first, second, sfu, call } = await relayed(t);

  sfu.iceServers = [second.server];
  const { iceServers } = sfu;
  sfu.connection.sendEvent('iceServers', { iceServers, iceServersExpireAt: null, move: true });
  await until('ICE to be restarted', () =>
    assert.deepEqual(
      sfu
        .requests('restartIce')
        .map(({ direction }) => direction)
        .sort(),
      ['recv', 'send'],
    ),
  );
  await moves(call);
  // Nothing of the first one is needed any more.
  await until('the second server to relay', () =>
    assert.ok(
      second.coturn.process.lines.filter((line) => /ALLOCATE processed, success/.test(line))
        .length >= 2,
    ),
  );
  await until('both to be relayed by it', () => {
    const { send, recv } = lastTold(sfu);
    assert.deepEqual([send?.server, recv?.server], [second.server.urls[0], second.server.urls[0]]);
  });
  process.kill(first.coturn.process.pid, 'SIGKILL');
  await moves(call);
  assert.deepEqual(sfu.requests('rebuildMedia'), []);
  assert.equal(call.connection.state, 'connected');
});

test('new credentials for the same servers disturb nothing', async (t) => {
  const { server } = await coturn(t);
  const sfu = await ScriptedSfu.start(t);
  sfu.iceServers = [server];
  const call = await sfu.join(t, [], { tracks: [CAMERA] }, { relayOnly: true });
  await moves(call);
  sfu.connection.sendEvent('iceServers', { iceServers: [server], iceServersExpireAt: null });
  await moves(call);
  assert.deepEqual(sfu.requests('restartIce'), []);
});

test('a TURN server that is killed is missed before ICE misses it', async (t) => {
  const { first, second, sfu, call } = await relayed(t);
  // It has to have carried something for a while before its silence means anything.
  const since = performance.now();
  await until('a steady flow', () => assert.ok(performance.now() - since > 5_000));
  sfu.iceServers = [second.server];
  process.kill(first.coturn.process.pid, 'SIGKILL');
  const killedAt = performance.now();
  await until('another media session to be asked for', () =>
    assert.deepEqual(sfu.requests('rebuildMedia').at(0), { epoch: 1 }),
  );
  const noticedMs = performance.now() - killedAt;
  t.diagnostic(`noticed after ${Math.round(noticedMs)} ms`);
  sfu.connection.sendEvent('media', await sfu.offer(2));
  await moves(call);
  await until('the way to be told', () => {
    const { send, recv } = lastTold(sfu);
    assert.deepEqual([send?.server, recv?.server], [second.server.urls[0], second.server.urls[0]]);
  });
  assert.deepEqual(sfu.requests('restartIce'), []);
});

test('servers that changed while there was no socket are taken from what is said after it', async (t) => {
  const [first, second] = await Promise.all([coturn(t), coturn(t)]);
  const sfu = await ScriptedSfu.start(t);
  sfu.iceServers = [first.server];
  const call = await sfu.join(t, [], {}, { relayOnly: true });
  await moves(call);
  sfu.connection.sendEvent('media', await sfu.offer(1));
  await moves(call);
  assert.deepEqual(sfu.requests('restartIce'), [], 'the same ones are no reason for anything');

  sfu.iceServers = [second.server];
  sfu.connection.sendEvent('media', await sfu.offer(1));
  await until('the second server to relay', () =>
    assert.equal(lastTold(sfu).recv?.server, second.server.urls[0]),
  );
  await moves(call);
});

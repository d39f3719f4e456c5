// What is wanted is what is sent: also when it changes while a call, a move or a negotiation begins.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Call } from '../../../../client/sdk/session/types.ts';
import { until } from '../../../support/process/until.ts';
import { cameraTrack, microphoneTrack } from '../../../support/sdk/media.ts';
import { ScriptedSfu } from '../../../support/sdk/scripted-sfu.ts';
import { ownedBy } from '../../../support/server/owned.ts';

const camera = (t: TestContext) => ownedBy(t).use(cameraTrack()).track;
const microphone = (t: TestContext) => ownedBy(t).use(microphoneTrack()).track;

function idOf(call: Call, source: 'camera' | 'microphone' | 'screen'): string {
  const track = call.localTracks.get(source);
  assert.ok(track, `no ${source} is published`);
  return track.id;
}

async function arrives(sfu: ScriptedSfu, epoch: number, trackId: string): Promise<void> {
  const packets = () => sfu.packets(epoch, trackId).catch(() => 0);
  const before = await packets();
  await until(`${trackId} to arrive on ${epoch}`, async () =>
    assert.ok((await packets()) > before + 2),
  );
}

function problemsOf(call: Call): string[] {
  const problems: string[] = [];
  call.on('problem', ({ code }) => problems.push(code));
  return problems;
}

for (const source of ['camera', 'microphone', 'screen'] as const) {
  test(`a ${source} that was switched off and on while joining is sent`, async (t) => {
    const make = source === 'microphone' ? microphone : camera;
    const sfu = await ScriptedSfu.start(t);
    const first = make(t);
    const joining = sfu.join(t, [{ source, track: first }]);
    first.stop();
    const call = await joining;
    const problems = problemsOf(call);
    await call.publish({ source, track: make(t) });
    await arrives(sfu, 1, idOf(call, source));
    assert.deepEqual(problems, []);
  });
}

test('a camera that ended is sent again by another track, however late that one comes', async (t) => {
  const sfu = await ScriptedSfu.start(t);
  const first = camera(t);
  const voice = microphone(t);
  const joining = sfu.join(t, [
    { source: 'camera', track: first },
    { source: 'microphone', track: voice },
  ]);
  first.stop();
  const call = await joining;
  await arrives(sfu, 1, idOf(call, 'microphone'));
  await call.publish({ source: 'camera', track: camera(t) });
  await arrives(sfu, 1, idOf(call, 'camera'));
});

test('a camera that was switched off while joining is not published, and nothing is complained of', async (t) => {
  const sfu = await ScriptedSfu.start(t);
  const first = camera(t);
  const joining = sfu.join(t, [
    { source: 'camera', track: first },
    { source: 'microphone', track: microphone(t) },
  ]);
  first.stop();
  const call = await joining;
  const problems = problemsOf(call);
  sfu.refusals.set('unpublish', 'unknown_track');
  call.unpublish('camera');
  await arrives(sfu, 1, idOf(call, 'microphone'));
  assert.deepEqual(
    sfu.requests('publish').map(({ source }) => source),
    ['microphone'],
  );
  assert.deepEqual(problems, []);
});

test('a track published and unpublished at once never reaches the server', async (t) => {
  const sfu = await ScriptedSfu.start(t);
  const call = await sfu.join(t);
  await call.publish({ source: 'camera', track: camera(t) });
  call.unpublish('camera');
  await call.publish({ source: 'microphone', track: microphone(t) });
  await arrives(sfu, 1, idOf(call, 'microphone'));
  assert.deepEqual(
    sfu.requests('publish').map(({ source }) => source),
    ['microphone'],
  );
});

test('another device that is chosen during a move is what arrives after it', async (t) => {
  const sfu = await ScriptedSfu.start(t);
  const first = camera(t);
  const call = await sfu.join(t, [{ source: 'camera', track: first }]);
  const trackId = idOf(call, 'camera');
  await arrives(sfu, 1, trackId);
  first.stop();
  sfu.connection.sendEvent('media', await sfu.offer(2));
  await call.publish({ source: 'camera', track: camera(t) });
  await arrives(sfu, 2, trackId);
});

test('a camera that ended before a move is sent after it, once there is another', async (t) => {
  const sfu = await ScriptedSfu.start(t);
  const first = camera(t);
  const voice = microphone(t);
  const call = await sfu.join(t, [
    { source: 'camera', track: first },
    { source: 'microphone', track: voice },
  ]);
  const trackId = idOf(call, 'camera');
  await arrives(sfu, 1, trackId);
  first.stop();
  sfu.connection.sendEvent('media', await sfu.offer(2));
  await arrives(sfu, 2, idOf(call, 'microphone'));
  await call.publish({ source: 'camera', track: camera(t) });
  await arrives(sfu, 2, trackId);
});

test('a microphone that was muted in the middle of its publishing is muted on the server', async (t) => {
  const sfu = await ScriptedSfu.start(t);
  const call = await sfu.join(t);
  const problems = problemsOf(call);
  await call.publish({ source: 'microphone', track: microphone(t) });
  call.setMuted('microphone', true);
  const trackId = idOf(call, 'microphone');
  await until('it to be published', () => assert.equal(sfu.requests('publish').length, 1));
  // The server took the mute for one of a track that it does not know.
  const muted = sfu.requests('mute').length;
  sfu.connection.sendEvent('patch', {
    version: 1,
    ops: [
      {
        op: 'publish',
        track: {
          id: trackId,
          participantId: call.participantId,
          kind: 'audio',
          source: 'microphone',
          muted: false,
        },
      },
    ],
  });
  await until('the mute to be said again', () => {
    assert.equal(sfu.requests('mute').length, muted + 1);
    assert.equal(sfu.requests('mute').at(-1)?.muted, true);
  });
  assert.deepEqual(problems, []);
});

// What a node tells its calls and its operator, from what its recorder says and from its silence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecorderState } from '../../../../server/recording/process/messages.ts';
import type { RecorderEvents } from '../../../../server/recording/process/recorder-process.ts';
import { ABSENT_MS, RecorderWatch } from '../../../../server/sfu/recording/recorder-watch.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { createMetrics } from '../../../../server/telemetry/metrics.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { Emitter } from '../../../../shared/emitter.ts';
import type { RecordingTrouble } from '../../../../shared/room/room.ts';

/** The events and the port of a recorder, as a test wants them. */
class SilentRecorder extends Emitter<RecorderEvents> {
  port: number | undefined;

  constructor() {
    super((error) => {
      throw error;
    });
  }
}

function state(change: Partial<RecorderState> = {}): RecorderState {
  const counts = { tracks: 0, waitingBytes: 0, waitingMs: 0, recordedBytes: 0, lostPackets: 0 };
  return { ...counts, problem: null, ...change };
}

function setUp({ isRecording = true } = {}) {
  const resources = new Resources();
  const metrics = createMetrics(resources);
  const recorder = new SilentRecorder();
  const told: RecordingTrouble[] = [];
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(line) });
  const scene = { isRecording, nowMs: 0 };
  const watch = new RecorderWatch({
    ...{ recorder, metrics, resources, log, now: () => scene.nowMs },
    isRecording: () => scene.isRecording,
    onTrouble: (trouble) => void told.push(trouble),
  });
  const said = () => lines.map((line) => JSON.parse(line).msg as string);
  const value = async (name: keyof typeof metrics.recording) =>
    (await metrics.recording[name].get()).values[0]?.value;
  return { scene, recorder, watch, told, said, value, metrics, resources };
}

const problem = (code: string, isLosing: boolean) =>
  state({ problem: { code, message: 'It says why.', isLosing } });
const FULL = problem('full', true);
const UNWRITABLE = problem('unwritable', true);
const AWAY = problem('unreachable', false);
const WELL = state();

for (const { name, says, told } of [
  { name: 'a recorder that is well troubles nobody', says: [WELL, WELL], told: [] },
  { name: 'a full disk is told once', says: [FULL, FULL], told: ['full'] },
  { name: 'and that it works again', says: [FULL, WELL, WELL], told: ['full', ''] },
  { name: 'another trouble is told', says: [FULL, UNWRITABLE], told: ['full', 'unwritable'] },
  { name: 'what waits on this machine is not lost: no call is told', says: [AWAY], told: [] },
  { name: 'a loss that ends while the store is away', says: [FULL, AWAY], told: ['full', ''] },
] as const) {
  test(name, async () => {
    const { recorder, watch, told: found, value } = setUp();
    recorder.port = 4_000;
    for (const each of says) recorder.emit('state', each);
    watch.close();
    assert.deepEqual(found, told);
    assert.equal(watch.trouble, told.at(-1) ?? '');
    assert.equal(await value('losing'), watch.trouble === '' ? 0 : 1);
  });
}

for (const { name, isRecording, afterMs, told } of [
  { name: 'a recorder is replaced', isRecording: true, afterMs: ABSENT_MS - 1, told: [] },
  { name: 'a recorder stays away', isRecording: true, afterMs: ABSENT_MS, told: ['unwritable'] },
  { name: 'a recorder stays away of nothing', isRecording: false, afterMs: ABSENT_MS, told: [] },
] as const) {
  test(`${name}: ${told.length === 0 ? 'nobody is' : 'the calls are'} told`, () => {
    const { scene, recorder, watch, told: found } = setUp({ isRecording });
    recorder.port = 4_000;
    recorder.emit('state', WELL);
    recorder.port = undefined;
    recorder.emit('gone');
    scene.nowMs = afterMs;
    watch.look();
    watch.close();
    assert.deepEqual(found, told);
  });
}

test('a room that begins while no recorder runs is told at once, and when one works', () => {
  const { scene, recorder, watch, told, said } = setUp({ isRecording: false });
  scene.nowMs = ABSENT_MS;
  recorder.emit('failed', 'RECORD_DIR is a file.');
  watch.look();
  scene.isRecording = true;
  watch.look();
  assert.deepEqual(told, ['unwritable']);
  // One that listens has not recorded anything yet.
  recorder.port = 4_000;
  watch.look();
  assert.deepEqual(told, ['unwritable']);
  recorder.emit('state', WELL);
  watch.close();
  assert.deepEqual(told, ['unwritable', '']);
  assert.deepEqual(said(), ['recording is in trouble', 'recording works again']);
});

test('the log has each problem once, until all is well', () => {
  const { recorder, watch, said } = setUp();
  recorder.port = 4_000;
  for (const each of [AWAY, FULL, AWAY, FULL, WELL, AWAY]) recorder.emit('state', each);
  watch.close();
  const trouble = 'recording is in trouble';
  assert.deepEqual(said(), [trouble, trouble, 'recording works again', trouble]);
});

test('counts go on over the deaths of recorders', async () => {
  const { recorder, watch, value, resources } = setUp();
  recorder.emit('state', state({ tracks: 2, recordedBytes: 100, lostPackets: 3 }));
  recorder.emit('state', state({ tracks: 2, recordedBytes: 150, lostPackets: 3 }));
  recorder.emit('gone');
  recorder.emit('state', state({ tracks: 1, recordedBytes: 30, lostPackets: 1 }));
  watch.close();
  assert.equal(await value('bytes'), 180);
  assert.equal(await value('lostPackets'), 4);
  assert.equal(await value('deaths'), 1);
  assert.equal(await value('tracks'), 1);
  // A closed watch hears nothing more.
  recorder.emit('gone');
  assert.equal(await value('deaths'), 1);
  assert.equal(resources.counts().timer, 0);
});

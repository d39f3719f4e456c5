// A recording goes on through the loss of its recorder, a worker, a media node and a web replica, and says what it lacks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timelineOf } from '../../server/recording/manifest/timeline.ts';
import { TestCluster } from '../support/cluster/local-cluster.ts';
import { workerOnPort } from '../support/cluster/worker-on-port.ts';
import { until } from '../support/process/until.ts';
import { beepsIn, flashesIn } from '../support/recording/instants.ts';
import {
  beepingMicrophone,
  flashingCamera,
  type Metronome,
} from '../support/recording/metronome.ts';
import {
  indexIn,
  manifestOf,
  probe,
  recordFolder,
  trackFile,
  tracksIn,
} from '../support/recording/recorded.ts';
import { activeRecorder, recorderPids } from '../support/recording/recorder-pids.ts';
import { Person } from '../support/sdk/participant.ts';
import { ownedBy } from '../support/server/owned.ts';

/** What a loss may cost the recording. The call may be without a picture for longer on a starved machine. */
const LOSS_MS = 2_000;
/** Processes that start on a starved machine are as late as it is. */
const PATIENCE = { withinMs: 120_000 };
/** What one tells from the other: both clocks are one, and a frame takes 33 ms. */
const APART_MS = 40;
/** Instants at the beginning and at the end that are compared: single ones are late where the machine is. */
const FEW = 7;

test('a recording goes on through every loss, in sync, and says what it lacks', async (t) => {
  const folder = await recordFolder(t);
  const env = { RECORD_ENABLED: '1', RECORD_DIR: folder, WORKERS: '2' };
  const cluster = await TestCluster.start(t, { web: 2, sfu: 2, env });
  const own = ownedBy(t);
  const people: Person[] = [];
  const made = new Map<string, Metronome>();
  for (const name of ['Ada', 'Ben', 'Cleo']) {
    const person = await Person.join(t, cluster.url, 'team', name, { share: [] });
    const [microphone, camera] = [own.use(beepingMicrophone()), own.use(flashingCamera())];
    made.set(`${person.participantId} microphone`, microphone);
    made.set(`${person.participantId} camera`, camera);
    await person.call.publish({ source: 'microphone', track: microphone.track });
    await person.call.publish({ source: 'camera', track: camera.track });
    people.push(person);
  }
  const [ada] = people;
  await ada!.call.recording.start();
  const files = async () => (await tracksIn(folder)).length;
  await until('six files', async () => assert.equal(await files(), 6));
  await seconds(4);

  const holder = await cluster.holder();
  process.kill(await activeRecorder(holder.child.pid!), 'SIGKILL');
  await until('six more files', async () => assert.equal(await files(), 12));
  await seconds(3);

  const worker = await workerOnPort(await cluster.workersOf(holder), await ada!.mediaPort());
  process.kill(worker, 'SIGKILL');
  await until('six more files', async () => assert.ok((await files()) >= 18), { withinMs: 30_000 });
  await seconds(3);

  const draining = await cluster.holder();
  draining.child.signal('SIGTERM');
  await until('the files of the other node', async () => assert.ok((await files()) >= 24), {
    withinMs: 60_000,
  });
  await seconds(3);

  const [web] = cluster.webs;
  web!.child.signal('SIGKILL');
  await until('everybody to be back', () => {
    for (const { call } of people) assert.equal(call.connection.state, 'connected');
  });
  await seconds(4);
  await ada!.call.recording.stop();
  await until(
    'the recording to be ready',
    async () => {
      assert.equal((await indexIn(folder))[0]?.state, 'ready');
    },
    PATIENCE,
  );

  const entries = await indexIn(folder);
  const [entry] = entries;
  assert.equal(entries.length, 1);
  assert.ok(entry);
  const lines = await manifestOf(folder, entry);
  const timeline = timelineOf(lines);
  let apart = 0;
  for (const track of timeline.tracks) {
    const phases: number[] = [];
    for (const segment of track.segments) {
      const file = trackFile(folder, entry, segment.file);
      await probe(file);
      const instants = await (track.kind === 'video' ? flashesIn(file) : beepsIn(file));
      for (const at of instants) {
        const utc = segment.zeroMs + segment.rate * at * 1_000;
        const truth = made.get(`${track.participantId} ${track.source}`)?.instants ?? [];
        phases.push(utc - nearest(truth, utc));
      }
    }
    t.diagnostic(
      `${track.source}: ${phases.length} instants, from ${Math.round(Math.min(...phases))} to ${Math.round(Math.max(...phases))} ms, median ${Math.round(median(phases))}`,
    );
    assert.ok(phases.length >= 15, `${phases.length} flashes or beeps`);
    apart = Math.max(apart, Math.abs(median(phases.slice(0, FEW)) - median(phases.slice(-FEW))));
  }
  t.diagnostic(
    `beginning and end are ${Math.round(apart)} ms apart; gaps: ${JSON.stringify(entry.gaps)}`,
  );
  assert.ok(apart <= APART_MS);
  for (const { from, to } of entry.gaps) assert.ok(to - from < LOSS_MS, `${to - from} ms`);
});

test('a media node is killed: the recording goes on at the other one, and nothing is left behind', async (t) => {
  const folder = await recordFolder(t);
  const env = { RECORD_ENABLED: '1', RECORD_DIR: folder, RECORD_FILMS: 'none' };
  const cluster = await TestCluster.start(t, { web: 1, sfu: 2, env });
  const people: Person[] = [];
  for (const name of ['Ada', 'Ben']) people.push(await Person.join(t, cluster.url, 'team', name));
  const [ada] = people;
  await ada!.call.recording.start();
  await until('four files', async () => assert.equal((await tracksIn(folder)).length, 4));
  await seconds(3);
  const holder = await cluster.holder();
  const recorders = await recorderPids(holder.child.pid!);
  assert.ok(recorders.length > 0);
  holder.child.signal('SIGKILL');
  await until(
    'the files of the other node',
    async () => assert.ok((await tracksIn(folder)).length >= 8),
    { withinMs: 60_000 },
  );
  await until('its recorders to have ended', () => {
    for (const pid of recorders) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
  await seconds(2);
  await ada!.call.recording.stop();
  await until(
    'the recording to be ready',
    async () => assert.equal((await indexIn(folder))[0]?.state, 'ready'),
    PATIENCE,
  );
  const [entry] = await indexIn(folder);
  assert.ok(entry);
  assert.deepEqual(entry.participants.toSorted(), ['Ada', 'Ben']);
  for (const { name } of entry.files) await probe(trackFile(folder, entry, name));
  const lines = await manifestOf(folder, entry);
  const writers = lines.flatMap((line) => (line.type === 'begin' ? [line.node] : []));
  assert.equal(new Set(writers).size, 2);
  // As long as the call had no media, and said.
  assert.equal(entry.gaps.length, 4);
});

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1_000));
}

function nearest(values: readonly number[], to: number): number {
  return values.reduce(
    (best, value) => (Math.abs(value - to) < Math.abs(best - to) ? value : best),
    Number.NEGATIVE_INFINITY,
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

// A recording goes on through the loss of its recorder, a worker, a media node and a web replica, and says what it lacks.
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { timelineOf } from '../../server/recording/manifest/timeline.ts';
import { TestCluster } from '../support/cluster/local-cluster.ts';
import { workerOnPort } from '../support/cluster/worker-on-port.ts';
import { until } from '../support/process/until.ts';
import {
  beepingMicrophone,
  flashingCamera,
  type Metronome,
} from '../support/recording/metronome.ts';
import { endsOf, phasesOf, utcInFilm, utcOf } from '../support/recording/phases.ts';
import {
  indexIn,
  manifestOf,
  probe,
  readyEntry,
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
/** Each with a tone of their own, and where a film of three shows them. */
const PEOPLE = [
  { name: 'Ada', tone: 700, place: [0.28, 0.25] },
  { name: 'Ben', tone: 1_200, place: [0.72, 0.25] },
  { name: 'Cleo', tone: 1_900, place: [0.5, 0.75] },
] as const;
/** Flashes or beeps that make a measurement. */
const ENOUGH = 15;

test('a recording goes on through every loss, in sync, and says what it lacks', async (t) => {
  const folder = await recordFolder(t);
  const env = {
    ...{ RECORD_ENABLED: '1', RECORD_DIR: folder, WORKERS: '2' },
    ...{ RECORD_FILMS: 'none', RECORD_FILM_HEIGHT: '180' },
  };
  const cluster = await TestCluster.start(t, { web: 2, sfu: 2, env });
  const own = ownedBy(t);
  const people: Person[] = [];
  const made = new Map<string, Metronome>();
  for (const { name, tone } of PEOPLE) {
    const person = await Person.join(t, cluster.url, 'team', name, { share: [] });
    const [microphone, camera] = [own.use(beepingMicrophone(tone)), own.use(flashingCamera())];
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
  await readyEntry(folder, PATIENCE);

  const entries = await indexIn(folder);
  const [entry] = entries;
  assert.equal(entries.length, 1);
  assert.ok(entry);
  const lines = await manifestOf(folder, entry);
  const timeline = timelineOf(lines);
  const truth = (participantId: string, source: string) =>
    made.get(`${participantId} ${source}`)?.instants ?? [];
  const phases = new Map<string, number[]>();
  for (const { kind, participantId, source, segments } of timeline.tracks) {
    const found: number[] = [];
    for (const segment of segments) {
      const file = trackFile(folder, entry, segment.file);
      await probe(file);
      found.push(...(await utcOf(file, kind, segment)));
    }
    phases.set(`${participantId} ${source}`, phasesOf(found, truth(participantId, source)));
  }
  const inTracks = people.map(({ participantId }) => ({
    flashes: phases.get(`${participantId} camera`) ?? [],
    beeps: phases.get(`${participantId} microphone`) ?? [],
  }));
  assertInSync(t, 'tracks', inTracks);
  // A film shows frames of 33 ms: what flashes between two of them may be a frame later at the end.
  for (const [track, found] of phases) {
    const { first, last } = endsOf(found);
    assert.ok(Math.abs(last - first) <= APART_MS, `${track} moved by ${last - first} ms`);
  }
  t.diagnostic(`gaps: ${JSON.stringify(entry.gaps)}`);
  for (const { from, to } of entry.gaps) assert.ok(to - from < LOSS_MS, `${to - from} ms`);

  await cluster.cluster.addWorker();
  const film = await filmOf(ada!, cluster, folder);
  const inFilm = await utcInFilm(film, timeline.startMs, PEOPLE);
  assertInSync(
    t,
    'film',
    inFilm.map(({ flashes, beeps }, n) => ({
      flashes: phasesOf(flashes, truth(people[n]!.participantId, 'camera')),
      beeps: phasesOf(beeps, truth(people[n]!.participantId, 'microphone')),
    })),
  );
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
  const entry = await readyEntry(folder, PATIENCE);
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

/** Orders a film as the page of the recording does. @returns its file */
async function filmOf(host: Person, { url }: TestCluster, folder: string): Promise<string> {
  const [entry] = await indexIn(folder);
  assert.ok(entry);
  const { token } = await host.call.recording.access();
  const answer = await fetch(new URL(`api/recordings/${entry.id}/films`, url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ layout: 'grid', format: 'mp4' }),
  });
  assert.equal(answer.status, 202, await answer.text());
  return until(
    'the film',
    async () => {
      const [film] = (await indexIn(folder))[0]?.films ?? [];
      assert.ok(film);
      return path.join(folder, entry.folder, 'films', film.name);
    },
    PATIENCE,
  );
}

/** What each participant flashes and beeps is one, with the moments at which they did: at the beginning and at the end. */
function assertInSync(
  t: TestContext,
  where: string,
  people: readonly { flashes: readonly number[]; beeps: readonly number[] }[],
): void {
  const problems: string[] = [];
  for (const [n, { flashes, beeps }] of people.entries()) {
    const name = `${PEOPLE[n]?.name} in ${where}`;
    const [seen, heard] = [endsOf(flashes), endsOf(beeps)];
    const first = Math.round(seen.first - heard.first);
    const last = Math.round(seen.last - heard.last);
    const [from, to] = [seen, heard].map((each) => Math.round(each.last - each.first));
    t.diagnostic(
      `${name}: ${flashes.length} flashes are ${first} ms after the beeps at the beginning, ${last} ms at the end; ` +
        `since the beginning flashes moved by ${from} ms, ${beeps.length} beeps by ${to} ms`,
    );
    if (Math.min(flashes.length, beeps.length) < ENOUGH) problems.push(`${name}: too few`);
    if (Math.abs(first) > APART_MS || Math.abs(last) > APART_MS) problems.push(`${name}: apart`);
  }
  assert.deepEqual(problems, []);
}

// The object store goes, fails and refuses while calls are recorded: the calls go on, and nothing that was recorded is lost.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { cleanup } from 'node-datachannel';
import type { IndexEntry } from '../../server/recording/catalog/entry.ts';
import { trackKey } from '../../server/recording/catalog/keys.ts';
import type { RecordStore } from '../../server/recording/stores/store.ts';
import { Highest } from '../support/process/highest.ts';
import { inTurns } from '../support/process/in-turns.ts';
import { until } from '../support/process/until.ts';
import {
  bucketOf,
  bucketSettings,
  hashesIn,
  hasNothingBut,
  KeptTracks,
  readyIn,
  spooledIn,
} from '../support/recording/bucket.ts';
import { probe, recordFolder } from '../support/recording/recorded.ts';
import { childrenOf } from '../support/runner/processes.ts';
import { type Fault, FaultyProxy, type SeenRequest } from '../support/s3/faults.ts';
import { KEYS, NEW_KEYS, ObjectStore } from '../support/s3/object-store.ts';
import { FrameWatch } from '../support/sdk/frame-watch.ts';
import { lightPublisher } from '../support/sdk/light-publisher.ts';
import { Person } from '../support/sdk/participant.ts';
import { ownedBy } from '../support/server/owned.ts';
import { Parley } from '../support/server/parley.ts';

/** CONTRIBUTING.md says what for. */
const { STORE_TROUBLE_SECONDS } = process.env;
/** How long the store is away, and then how long it fails. */
const TROUBLE_MS = Number(STORE_TROUBLE_SECONDS ?? 20) * 1_000;
/** How long it knows only keys that Parley has not. */
const DENIED_MS = Number(STORE_TROUBLE_SECONDS ?? 0) * 1_000;
assert.ok(TROUBLE_MS >= 10_000, 'STORE_TROUBLE_SECONDS has to be 10 at least');
/** No picture of the call stands still for longer, on a machine that does other things too. */
const STILL_MS = 3_000;
/** A packet of sound is 20 ms. */
const HOLE_S = 0.5;
const ROOMS = 50;
const AUTH_TOKEN = 'an-operator-of-these-tests';

// Its threads would keep this process.
after(cleanup);

test('a store that is away, and then fails: nothing is lost, nothing is there twice, the call goes on', async (t) => {
  const { objects, proxy, parley, folder } = await scene(t);
  const ada = await Person.join(t, parley.url, 'team', 'Ada');
  const ben = await Person.join(t, parley.url, 'team', 'Ben');
  await ada.sees(ben);
  const frames = ownedBy(t).use(await FrameWatch.start(ben, ada));
  const kept = ownedBy(t).use(new KeptTracks(folder));
  const waiting = ownedBy(t).use(new Highest(() => gauge(parley, 'waiting_bytes')));
  await ada.call.recording.start();
  await seconds(7);

  frames.restart();
  waiting.value = 0;
  await proxy.stop();
  await objects.stop();
  const cleo = await Person.join(t, parley.url, 'team', 'Cleo', { share: ['microphone'] });
  await seconds(TROUBLE_MS / 1_000);
  assert.match(troubles(parley).join(), /unreachable.*"isLosing":false/);
  const waited = waiting.value;
  await ben.sees(ada);
  await objects.start();
  proxy.fault = alwaysSomething();
  await proxy.start();
  // A file that began while the store was away ends while it fails.
  cleo.call.leave();
  await seconds(TROUBLE_MS / 1_000);
  await ben.sees(ada);
  const longestMs = frames.longestGapMs();
  t.diagnostic(
    `${waited} bytes waited after the first half, ${waiting.value} in all; the picture stood for ${Math.round(longestMs)} ms`,
  );
  assert.ok(waited > 0 && waiting.value > waited);
  assert.ok(longestMs < STILL_MS);
  assert.equal(ada.call.recording.running?.trouble ?? '', '');
  proxy.fault = () => 'none';
  await saysOnce(parley, /recording works again/);
  await seconds(3);
  await ada.call.recording.stop();

  const store = bucketOf(t, objects);
  const [entry] = await readyIn(store, 1);
  assert.ok(entry);
  assert.equal(entry.files.length, 5);
  await isWhole(store, { entry, kept, folder });
  for (const { name } of entry.files) await hasNoHole(store, { entry, name, folder });
  await until('nothing to wait', async () => assert.equal(await gauge(parley, 'waiting_bytes'), 0));
  assert.equal(await gauge(parley, 'losing'), 0);
  // The store was away first and failed then: one line each, however many requests.
  const codes = troubles(parley).map((line) => /"problem":"(\w+):/.exec(line)?.[1]);
  assert.deepEqual(codes, ['unreachable', 'failing']);
  await saysOnce(parley, /recording works again/);
});

test('keys that are rotated while a call is recorded: it goes on as soon as the file has the new ones', async (t) => {
  ownedBy(t);
  const file = path.join(await recordFolder(t), 'keys');
  const write = (keys: typeof KEYS) => writeFile(file, `${keys.accessKey}\n${keys.secretKey}\n`);
  await write(KEYS);
  const { objects, parley, folder } = await scene(t, {
    ...{ S3_CREDENTIALS_FILE: file, RECORD_UPLOAD_SECONDS: '1' },
  });
  const ada = await Person.join(t, parley.url, 'team', 'Ada', { share: ['microphone'] });
  const kept = ownedBy(t).use(new KeptTracks(folder));
  await ada.call.recording.start();
  await until('a file', async () => assert.ok((await spooledIn(folder)).length > 1));
  await seconds(3);
  await objects.stop();
  await objects.start(NEW_KEYS);
  await until('the new keys to be missed', () => {
    assert.match(troubles(parley).join(), /denied: .*"isLosing":false/);
  });
  await seconds(DENIED_MS / 1_000);
  await write(NEW_KEYS);
  await saysOnce(parley, /recording works again/);
  await seconds(2);
  await ada.call.recording.stop();
  const store = bucketOf(t, objects, { credentials: NEW_KEYS });
  const [entry] = await readyIn(store, 1);
  assert.ok(entry);
  assert.equal(entry.files.length, 1);
  await isWhole(store, { entry, kept, folder });
});

test('fifty recordings that begin at once and end at once are fifty, and leave nothing behind', async (t) => {
  const own = ownedBy(t);
  const folder = await recordFolder(t);
  const objects = own.use(await ObjectStore.start());
  const place = { ...bucketSettings(objects.endpoint), RECORD_DIR: folder };
  const parley = own.use(await Parley.start({ ...place, AUTH_TOKEN, LOG_LEVEL: 'info' }));
  const ask = (path: string) => asApplication(parley, path);
  const before = await recorderOf(parley);
  const people = await inTurns(ROOMS, 8, async (n) => {
    const { token } = await ask(`rooms/room-${n}/tokens`);
    return lightPublisher(t, parley.url, `room-${n}`, 'Ada', { token, hasCamera: false });
  });
  const startedAt = performance.now();
  const started = await Promise.all(people.map((_, n) => ask(`rooms/room-${n}/recordings`)));
  const tracks = async () => (await spooledIn(folder)).filter((file) => /\/tracks\//.test(file));
  await until('fifty files', async () => assert.equal((await tracks()).length, ROOMS), {
    withinMs: 60_000,
  });
  const growMs = performance.now() - startedAt;
  await seconds(2);
  const stoppedAt = performance.now();
  // By its id one is found as soon as the bucket has it.
  const stop = (id: string) => until(`${id} to stop`, () => ask(`recordings/${id}/stop`));
  await Promise.all(started.map(({ id }) => stop(id)));
  for (const person of people) person.leave();
  const store = bucketOf(t, objects);
  const entries = await readyIn(store, ROOMS);
  t.diagnostic(
    `all of them grew after ${Math.round(growMs)} ms, and were ready ${Math.round(performance.now() - stoppedAt)} ms after their end`,
  );
  for (const { files } of entries) assert.equal(files.length, 1);
  assert.equal(new Set(entries.map(({ room }) => room)).size, ROOMS);
  await hasNothingBut(store, entries);
  assert.deepEqual(await spooledIn(folder), []);
  await until('nothing to be open besides', async () => {
    assert.deepEqual(await held(parley), before);
  });
});

interface Scene {
  objects: ObjectStore;
  proxy: FaultyProxy;
  parley: Parley;
  /** RECORD_DIR. */
  folder: string;
}

/** A server that records into a bucket, through a proxy that can fail. */
async function scene(t: TestContext, env: Readonly<Record<string, string>> = {}): Promise<Scene> {
  // The server ends before its folder goes.
  const own = ownedBy(t);
  const folder = await recordFolder(t);
  const objects = own.use(await ObjectStore.start());
  const proxy = own.use(await FaultyProxy.start(objects.port));
  const place = bucketSettings(proxy.endpoint);
  const more = { RECORD_DIR: folder, S3_TIMEOUT_MS: '2000', LOG_LEVEL: 'info' };
  const parley = own.use(await Parley.start({ ...place, ...more, ...env }));
  await recorderOf(parley);
  return { objects, proxy, parley, folder };
}

/** @returns what it answers, as far as tests ask for it */
async function asApplication(parley: Parley, path: string): Promise<{ token: string; id: string }> {
  const answer = await fetch(new URL(`api/${path}`, parley.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${AUTH_TOKEN}`, 'content-type': 'application/json' },
    body: '{}',
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return JSON.parse((await answer.text()) || '{}') as { token: string; id: string };
}

/** Every request fails, each in another way than the one before. */
function alwaysSomething(): (request: SeenRequest) => Fault {
  let n = 0;
  return ({ method }) => {
    n += 1;
    const faults: Fault[] = ['error', 'lost_answer', 'slow_down', 'bad_gateway', 'hang'];
    // What has no body comes whole all the same.
    if (method === 'GET') faults.push('half');
    return faults[n % faults.length] ?? 'error';
  };
}

/** What the recorder wrote is in the bucket, byte by byte; and nothing else there, nor here. */
async function isWhole(
  store: RecordStore,
  { entry, kept, folder }: { entry: IndexEntry; kept: KeptTracks; folder: string },
): Promise<void> {
  assert.deepEqual(entry.gaps, []);
  const [there, here] = [await hashesIn(store, entry), await kept.hashes()];
  assert.deepEqual([...there].toSorted(), [...here].toSorted());
  await hasNothingBut(store, [entry]);
  assert.deepEqual(await spooledIn(folder), []);
}

async function hasNoHole(
  store: RecordStore,
  { entry, name, folder }: { entry: IndexEntry; name: string; folder: string },
): Promise<void> {
  const file = path.join(folder, name);
  await writeFile(file, await buffer(await store.read(trackKey(entry.folder, name))));
  const { times } = await probe(file);
  const holes = times.map((time, n) => time - (times[n - 1] ?? time));
  assert.ok(Math.max(...holes) < HOLE_S, `${name} has a hole of ${Math.max(...holes)} s`);
  const said = entry.files.find((each) => each.name === name)?.durationMs ?? 0;
  const lasts = ((times.at(-1) ?? 0) - (times[0] ?? 0)) * 1_000;
  assert.ok(lasts > TROUBLE_MS && Math.abs(lasts - said) < 200, `${name}: ${lasts} ms of ${said}`);
}

function troubles({ process }: Parley): string[] {
  return process.lines.filter((line) => /recording is in trouble/.test(line));
}

async function saysOnce({ process }: Parley, what: RegExp): Promise<void> {
  await until(
    `the log to say ${what} once`,
    () => assert.equal(process.lines.filter((line) => what.test(line)).length, 1),
    { withinMs: 30_000 },
  );
}

async function gauge(parley: Parley, name: string): Promise<number> {
  const samples = await parley.metrics();
  const sample = samples.find((each) => each.name === `parley_recording_${name}`);
  assert.ok(sample, `no metric ${name}`);
  return sample.value;
}

/** What this server holds, with the UDP ports of all its processes. */
async function held(parley: Parley): Promise<Record<string, number>> {
  const { timer: _, ...resources } = await parley.resources();
  const { pid } = parley.process;
  const pids = new Set([pid, ...(await childrenOf(pid))]);
  const { stdout } = await promisify(execFile)('ss', ['-uanpH']);
  const owners = [...stdout.matchAll(/pid=(\d+)/g)].map(([, owner]) => Number(owner));
  return { ...resources, udp: owners.filter((owner) => pids.has(owner)).length };
}

/** Waits until its recorder listens, which starts last. @returns what is held then */
function recorderOf(parley: Parley): Promise<Record<string, number>> {
  return until('the recorder to listen', async () => {
    const now = await held(parley);
    assert.equal(now.udp, (now.worker ?? 0) + 1);
    return now;
  });
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1_000));
}

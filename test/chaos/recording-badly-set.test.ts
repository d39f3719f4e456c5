// Recording with settings that are wrong: each has a clear word for the operator, and the calls go on.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { freeTcpPort } from '../support/network/ports.ts';
import { until } from '../support/process/until.ts';
import { bucketOf, bucketSettings, readyIn } from '../support/recording/bucket.ts';
import { recordFolder } from '../support/recording/recorded.ts';
import { FaultyProxy } from '../support/s3/faults.ts';
import { KEYS, ObjectStore } from '../support/s3/object-store.ts';
import { Person } from '../support/sdk/participant.ts';
import { ownedBy } from '../support/server/owned.ts';
import { Parley } from '../support/server/parley.ts';

type Settings = Readonly<Record<string, string>>;

/** Below a file there is no folder, not even for root. */
const NOWHERE = '/dev/null/records';
/** A recorder that cannot start is started again, and less and less often. */
const FEW_STARTS = 7;

test('a bucket that is missing is named at the start; once it is made, all is uploaded', async (t) => {
  const objects = ownedBy(t).use(await ObjectStore.start());
  const bucket = 'made-later';
  const call = await startCall(t, { ...bucketSettings(objects.endpoint), S3_BUCKET: bucket });
  await call.says(/cannot be kept at the moment/, /no such bucket.*Make the bucket/);
  await call.says(/recording is in trouble/, /no_bucket: .*"isLosing":false/);
  await call.goesOn();
  await objects.makeBucket(bucket);
  await call.says(/recording works again/);
  await call.ada.call.recording.stop();
  const [entry] = await readyIn(bucketOf(t, objects, { bucket }), 1);
  assert.deepEqual([entry?.files.length, entry?.gaps], [1, []]);
});

test('keys that are wrong are named without their secret', async (t) => {
  const objects = ownedBy(t).use(await ObjectStore.start());
  const secretKey = 'a-secret-that-is-wrong';
  const call = await startCall(t, bucketSettings(objects.endpoint, { ...KEYS, secretKey }));
  await call.says(/cannot be kept at the moment/, /does not let these keys.*Correct the keys/);
  await call.says(/recording is in trouble/, /denied: .*"isLosing":false/);
  await call.goesOn();
  assert.equal(call.parley.process.lines.filter((line) => line.includes(secretKey)).length, 0);
});

test('a store that cannot be reached when the server starts is waited for', async (t) => {
  const endpoint = `http://127.0.0.1:${await freeTcpPort()}`;
  const call = await startCall(t, bucketSettings(endpoint));
  await call.says(/cannot be kept at the moment/, /cannot be reached.*S3_ENDPOINT/);
  await call.says(/recording is in trouble/, /unreachable: .*"isLosing":false/);
  await call.goesOn();
});

test('a clock that is off by an hour is named; once it is set, all is uploaded', async (t) => {
  const own = ownedBy(t);
  const objects = own.use(await ObjectStore.start());
  const proxy = own.use(await FaultyProxy.start(objects.port));
  proxy.clockAheadMs = 3_600_000;
  const call = await startCall(t, bucketSettings(proxy.endpoint));
  await call.says(/cannot be kept at the moment/, /clock of this machine differs.*NTP/);
  await call.says(/recording is in trouble/, /clock: .*"isLosing":false/);
  await call.goesOn();
  proxy.clockAheadMs = 0;
  await call.says(/recording works again/);
  await call.ada.call.recording.stop();
  const [entry] = await readyIn(bucketOf(t, objects), 1);
  assert.deepEqual([entry?.files.length, entry?.gaps], [1, []]);
});

test('without a place for recordings the server does not start, and says what to set', async () => {
  const sentence =
    /Parley cannot start\. RECORD_ENABLED is set, but not where recordings are kept: set RECORD_DIR to a folder, or S3_BUCKET to a bucket\./;
  await assert.rejects(Parley.start({ RECORD_ENABLED: '1' }), sentence);
});

test('a folder that cannot be written: it is said at the start, and in the room', async (t) => {
  const call = await startCall(t, { RECORD_ENABLED: '1', RECORD_DIR: NOWHERE });
  await call.says(/cannot be kept at the moment/, /\/dev\/null\/records.*set RECORD_DIR/);
  await call.isLost();
});

test('a recorder that cannot start: why is said, in the room too, and it is not tried without a rest', async (t) => {
  const objects = ownedBy(t).use(await ObjectStore.start());
  const place = bucketSettings(objects.endpoint);
  const call = await startCall(t, { ...place, RECORD_DIR: NOWHERE });
  await call.says(/recorder cannot start/, /\/dev\/null\/records.*set RECORD_DIR/);
  await call.isLost();
  await call.says(/recording is in trouble/, /The recorder does not run.*\/dev\/null\/records/);
  const starts = call.parley.process.lines.filter((line) => /recorder cannot start/.test(line));
  assert.ok(starts.length <= FEW_STARTS, `${starts.length} starts`);
});

interface RecordedCall {
  parley: Parley;
  ada: Person;
  /** Waits for such a line in the log. @param how what the last of them has in it */
  says(what: RegExp, how?: RegExp): Promise<void>;
  /** People hear each other, and were told of no trouble: what is recorded waits on this machine. */
  goesOn(): Promise<void>;
  /** People hear each other, and were told that nothing is kept. */
  isLost(): Promise<void>;
}

/** Two people in a call that is to be recorded. */
async function startCall(t: TestContext, settings: Settings): Promise<RecordedCall> {
  const own = ownedBy(t);
  const parley = own.use(
    await Parley.start({
      ...{ RECORD_DIR: await recordFolder(t), RECORD_UPLOAD_SECONDS: '1', LOG_LEVEL: 'info' },
      ...settings,
      SHUTDOWN_TIMEOUT_MS: '2000',
    }),
  );
  const ada = await Person.join(t, parley.url, 'team', 'Ada', { share: ['microphone'] });
  const ben = await Person.join(t, parley.url, 'team', 'Ben', { share: [] });
  await ada.call.recording.start();
  const trouble = () => ben.call.recording.running?.trouble ?? '';
  return {
    ...{ parley, ada },
    async says(what, how = what) {
      await until(
        `the log to say ${what}`,
        () => {
          const lines = parley.process.lines.filter((line) => what.test(line));
          assert.ok(lines.length > 0, 'it does not');
          assert.match(lines.at(-1) ?? '', how);
        },
        { withinMs: 40_000 },
      );
    },
    async goesOn() {
      await ben.hears(ada);
      assert.equal(trouble(), '');
      assert.equal(await losing(parley), 0);
    },
    async isLost() {
      await until('Ben to be told', () => assert.equal(trouble(), 'unwritable'), {
        withinMs: 20_000,
      });
      await ben.hears(ada);
      assert.equal(await losing(parley), 1);
      assert.equal(parley.process.end, undefined);
    },
  };
}

async function losing(parley: Parley): Promise<number | undefined> {
  const samples = await parley.metrics();
  return samples.find(({ name }) => name === 'parley_recording_losing')?.value;
}

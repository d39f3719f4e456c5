// The variables of a deployment that recorded calls before, and those of a platform's add-on, work unchanged.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { until } from '../../support/process/until.ts';
import { bucketOf, readyIn, spooledIn } from '../../support/recording/bucket.ts';
import { recordFolder } from '../../support/recording/recorded.ts';
import { BUCKET, KEYS, ObjectStore } from '../../support/s3/object-store.ts';
import { Person } from '../../support/sdk/participant.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { Parley } from '../../support/server/parley.ts';

const AUTH_TOKEN = 'an-operator-of-these-tests';
const TURN = {
  ...{ TURN_URLS: 'turn:127.0.0.1:3478', TURN_USERNAME: 'parley', TURN_PASSWORD: 'of-the-tests' },
};

test('the variables of a deployment with an S3-compatible store of its own', (t) =>
  recordsACall(t, (objects, folder) => ({
    ...{ AUTH_TOKEN, RECORD_ENABLED: '1', RECORD_DIR: folder, ...TURN },
    ...{ S3_ENDPOINT: `127.0.0.1:${objects.port}`, S3_REGION: 'us-east-1', S3_BUCKET: BUCKET },
    ...{ S3_ACCESS_KEY: KEYS.accessKey, S3_SECRET_KEY: KEYS.secretKey },
    ...{ S3_USE_SSL: 'false', S3_PATH_STYLE: 'true' },
  })));

for (const bucket of ['S3_BUCKET', 'AWS_S3_BUCKET']) {
  test(`the variables of a platform's add-on, with ${bucket}`, (t) =>
    recordsACall(t, (objects, folder) => ({
      ...{ AUTH_TOKEN, RECORD_ENABLED: '1', RECORD_DIR: folder, [bucket]: BUCKET },
      ...{ AWS_ACCESS_KEY_ID: KEYS.accessKey, AWS_SECRET_ACCESS_KEY: KEYS.secretKey },
      ...{ AWS_ENDPOINT_URL_S3: objects.endpoint, AWS_REGION: 'us-east-1' },
      ...{ S3_FORCE_PATH_STYLE: 'true' },
    })));
}

/** With these variables, and what a test needs to have its own ports. */
async function recordsACall(
  t: TestContext,
  variables: (objects: ObjectStore, folder: string) => Readonly<Record<string, string>>,
): Promise<void> {
  // The server ends before its folder goes.
  const own = ownedBy(t);
  const folder = await recordFolder(t);
  const objects = own.use(await ObjectStore.start());
  const parley = own.use(await Parley.start(variables(objects, folder)));
  const answer = await fetch(new URL('api/rooms/team/tokens', parley.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${AUTH_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ role: 'host' }),
  });
  const { token } = (await answer.json()) as { token: string };
  const ada = await Person.join(t, parley.url, 'team', 'Ada', { token, share: ['microphone'] });
  await ada.call.recording.start();
  const isTrack = (file: string) => file.includes('/tracks/');
  await until('a file', async () => assert.ok((await spooledIn(folder)).some(isTrack)));
  await ada.call.recording.stop();
  const store = bucketOf(t, objects);
  const entries = await readyIn(store, 1);
  assert.deepEqual([entries[0]?.room, entries[0]?.files.length], ['team', 1]);
  ada.call.leave();
  await until(
    'the film to be there',
    async () => {
      const [entry] = await readyIn(store, 1);
      assert.equal(entry?.films?.length, 1);
    },
    { withinMs: 60_000 },
  );
  assert.deepEqual(await spooledIn(folder), []);
}

// An invitation that ends during a call: who is in the call comes back after a restart, nobody else does.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { signingSecret } from '../../../server/entries/local/signing-secret.ts';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { workerBinary } from '../../support/server/app.ts';
import { Parley } from '../../support/server/parley.ts';

const AUTH_TOKEN = 'guess';
const NOTHING = { share: [] } as const;

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-keys-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function invite(parley: Parley, body: object): Promise<string> {
  const response = await fetch(new URL('api/rooms/team/tokens', parley.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${AUTH_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 201);
  return ((await response.json()) as { token: string }).token;
}

test('the invitation expires during a call, then the server restarts: only the call comes back', async (t) => {
  const env = {
    AUTH_TOKEN,
    XDG_CACHE_HOME: await folderOf(t),
    MEDIASOUP_WORKER_BIN: await workerBinary(),
  };
  const first = await Parley.start(env);
  t.after(() => first.process.stop());
  const { url } = first;
  const token = await invite(first, { role: 'host', expiresIn: 2 });
  const lasting = await invite(first, { role: 'guest', expiresIn: 600 });
  const ada = await Person.join(t, url, 'team', 'Ada', { token, ...NOTHING });
  const refusal = () =>
    Person.join(t, url, 'team', 'Eve', { token, ...NOTHING }).then(
      (eve) => eve.call.leave(),
      (error: { code: string }) => error.code,
    );
  await until('the invitation to end', async () => assert.equal(await refusal(), 'token_expired'));
  await first.stop();
  await until('Ada to notice', () => assert.equal(ada.call.connection.state, 'reconnecting'));

  const second = await Parley.start({ ...env, PORT: new URL(url).port });
  t.after(() => second.process.stop());
  await until('Ada to be back', () => assert.equal(ada.call.connection.state, 'connected'));
  const [back] = ada.call.room.participants;
  assert.deepEqual([back?.name, back?.role], ['Ada', 'host']);
  assert.equal(await refusal(), 'token_expired', 'who was not in the call stays outside');
  const bo = await Person.join(t, url, 'team', 'Bo', { token: lasting, ...NOTHING });
  assert.equal(bo.call.room.participants.length, 2, 'links that have not ended open the room');
  assert.deepEqual([...ada.problems, ...bo.problems], []);
});

test('the secret behind tokens is made once, is random, and is for nobody else to read', async (t) => {
  const file = path.join(await folderOf(t), 'keys', 'room-tokens');
  const made = await Promise.all(Array.from({ length: 8 }, () => signingSecret(file)));
  assert.equal(new Set(made).size, 1);
  assert.equal(await signingSecret(file), made[0]);
  assert.equal(await readFile(file, 'utf8'), made[0]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal(Buffer.from(made[0] ?? '', 'base64url').length, 32);
  const other = await signingSecret(path.join(await folderOf(t), 'room-tokens'));
  assert.notEqual(other, made[0]);
});

// Who may record what: consent, pauses, rooms that are always recorded, and applications.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IndexEntry } from '../../../server/recording/catalog/entry.ts';
import type { LineOf, ManifestLine } from '../../../server/recording/manifest/lines.ts';
import { until } from '../../support/process/until.ts';
import {
  indexIn,
  manifestOf,
  readyEntry,
  recordFolder,
  tracksIn,
} from '../../support/recording/recorded.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';

const READY = { withinMs: 60_000 };
const AUTH_TOKEN = 'an-operator-of-these-tests';

const settings = (folder: string) => {
  return { RECORD_ENABLED: '1', RECORD_DIR: folder, RECORD_FILMS: 'none' };
};

async function ready(folder: string): Promise<{ entry: IndexEntry; lines: ManifestLine[] }> {
  const entry = await readyEntry(folder, READY);
  return { entry, lines: await manifestOf(folder, entry) };
}

function segmentsOf(lines: readonly ManifestLine[], participantId: string): LineOf<'segment'>[] {
  return lines.filter(
    (line): line is LineOf<'segment'> =>
      line.type === 'segment' && line.participantId === participantId,
  );
}

test('where everybody is asked, only those are recorded who have agreed, while they agree', async (t) => {
  const folder = await recordFolder(t);
  const server = await startServer(t, { ...settings(folder), RECORD_CONSENT: '1' });
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: ['microphone'] });
  const ben = await Person.join(t, server.url, 'team', 'Ben', { share: ['microphone'] });
  const eve = await Person.join(t, server.url, 'team', 'Eve', { share: ['microphone'] });
  assert.equal(ada.call.recording.terms?.askConsent, true);
  await ada.call.recording.setConsent(true);
  await ben.call.recording.setConsent(false);
  await ada.call.recording.start();
  await until('a file of Ada', async () => assert.equal((await tracksIn(folder)).length, 1));
  await ben.call.recording.setConsent(true);
  await until('a file of Ben', async () => assert.equal((await tracksIn(folder)).length, 2));
  await ada.call.recording.setConsent(false);
  await until('Ada to be known as declining', () => {
    const known = ben.call.room.participants.find(({ id }) => id === ada.participantId);
    assert.equal(known?.consent, false);
  });
  await ada.call.recording.stop();
  const { lines } = await ready(folder);
  const [adas, bens, eves] = [ada, ben, eve].map(({ participantId }) =>
    segmentsOf(lines, participantId),
  );
  assert.deepEqual([adas?.length, bens?.length, eves?.length], [1, 1, 0]);
  const end = lines.find((line) => line.type === 'end' && line.segment === adas?.[0]?.segment);
  assert.equal(end?.type === 'end' && end.why, 'declined');
});

test('nothing is recorded in a pause, and the recording goes on after it', async (t) => {
  const folder = await recordFolder(t);
  const server = await startServer(t, settings(folder));
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: ['microphone'] });
  await ada.call.recording.start();
  await until('a file', async () => assert.equal((await tracksIn(folder)).length, 1));
  await ada.call.recording.setPaused(true);
  await until('the pause', () => assert.equal(ada.call.recording.running?.paused, true));
  await ada.call.recording.setPaused(false);
  await until('another file', async () => assert.equal((await tracksIn(folder)).length, 2));
  await ada.call.recording.stop();
  const { entry, lines } = await ready(folder);
  const ends = lines.flatMap((line) => (line.type === 'end' ? [line.why] : []));
  assert.deepEqual(ends, ['paused', 'stopped']);
  assert.deepEqual(entry.gaps, []);
});

test('a room that is always recorded is from its first participant on, until a host stops it', async (t) => {
  const folder = await recordFolder(t);
  const server = await startServer(t, { ...settings(folder), RECORD_ROOMS: 'class-*' });
  const ada = await Person.join(t, server.url, 'class-1', 'Ada', { share: ['microphone'] });
  const other = await Person.join(t, server.url, 'team', 'Ben', { share: ['microphone'] });
  await until('the recording', () => assert.ok(ada.call.recording.running));
  assert.equal(ada.call.recording.running?.startedBy, null);
  await until('a file', async () => assert.equal((await tracksIn(folder)).length, 1));
  await ada.call.recording.stop();
  await Person.join(t, server.url, 'class-1', 'Cleo', { share: [] });
  assert.equal(other.call.recording.running, undefined);
  await until('it to have ended', () => assert.equal(ada.call.recording.running, undefined));
  await ready(folder);
});

test('where rooms need tokens hosts record, guests cannot, and applications can by HTTP', async (t) => {
  const folder = await recordFolder(t);
  const server = await startServer(t, { ...settings(folder), AUTH_TOKEN });
  const join = async (name: string, role: string) =>
    Person.join(t, server.url, 'team', name, {
      share: ['microphone'],
      token: await tokenFor(server, role),
    });
  const host = await join('Ada', 'host');
  const guest = await join('Ben', 'guest');
  assert.deepEqual(
    [host, guest].map(({ call }) => call.recording.terms?.allowed),
    [true, false],
  );
  await assert.rejects(guest.call.recording.start(), { code: 'forbidden' });
  await assert.rejects(guest.call.recording.access(), { code: 'forbidden' });
  const started = await asOperator(server, 'POST', 'api/rooms/team/recordings');
  assert.equal(started.status, 201);
  const { id } = (await started.json()) as { id: string };
  await until('both to see it', () => {
    for (const { call } of [host, guest]) assert.equal(call.recording.running?.id, id);
  });
  await assert.rejects(guest.call.recording.stop(), { code: 'forbidden' });
  await until('two files', async () => assert.equal((await tracksIn(folder)).length, 2));
  const stopped = await asOperator(server, 'POST', `api/recordings/${id}/stop`);
  assert.ok(stopped.ok, String(stopped.status));
  const { entry } = await ready(folder);
  assert.equal(entry.id, id);
});

test('a disk below its floor: nothing is recorded, everybody is told, and the call goes on', async (t) => {
  const folder = await recordFolder(t);
  // No disk has that much.
  const server = await startServer(t, { ...settings(folder), RECORD_FREE_DISK_MB: '10000000' });
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: ['microphone'] });
  const ben = await Person.join(t, server.url, 'team', 'Ben', { share: [] });
  await ada.call.recording.start();
  await until('both to be told', () => {
    for (const { call } of [ada, ben]) assert.equal(call.recording.running?.trouble, 'full');
  });
  const said = server.logLines.find((line) => /recording is in trouble/.test(line));
  assert.match(said ?? '', /RECORD_FREE_DISK_MB/);
  await ben.hears(ada);
  assert.equal((await tracksIn(folder)).length, 0);
});

test('a track above RECORD_MAX_TRACKS waits until another one has ended', async (t) => {
  const folder = await recordFolder(t);
  const server = await startServer(t, { ...settings(folder), RECORD_MAX_TRACKS: '1' });
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: ['microphone'] });
  await ada.call.recording.start();
  await until('a file', async () => assert.equal((await tracksIn(folder)).length, 1));
  const ben = await Person.join(t, server.url, 'team', 'Ben', { share: ['microphone'] });
  await until('the limit to be said', () =>
    assert.ok(server.logLines.some((line) => /RECORD_MAX_TRACKS is reached/.test(line))),
  );
  assert.equal((await tracksIn(folder)).length, 1);
  ada.call.leave();
  await until('a file of Ben', async () => assert.equal((await tracksIn(folder)).length, 2));
  ben.call.leave();
  const { entry } = await ready(folder);
  assert.deepEqual(entry.participants.toSorted(), ['Ada', 'Ben']);
});

test('of a hundred recordings in a row there are a hundred, and nothing else is left', async (t) => {
  const folder = await recordFolder(t);
  const server = await startServer(t, settings(folder));
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: ['microphone'] });
  // The room has the track before the media node has.
  await until('the microphone', () => assert.equal(server.counts().producer, 1));
  const before = server.counts();
  for (let n = 0; n < 100; n += 1) {
    await ada.call.recording.start();
    await ada.call.recording.stop();
  }
  await until(
    'all of them to be ready',
    async () => {
      const entries = await indexIn(folder);
      assert.equal(entries.filter(({ state }) => state === 'ready').length, 100);
    },
    { withinMs: 120_000 },
  );
  await until('nothing to be open besides', () => {
    const { timer: _, ...now } = server.counts();
    const { timer: __, ...then } = before;
    assert.deepEqual(now, then);
  });
  ada.call.leave();
  await server.becomesIdle();
});

async function tokenFor(server: TestServer, role: string): Promise<string> {
  const answer = await asOperator(server, 'POST', 'api/rooms/team/tokens', { role });
  return ((await answer.json()) as { token: string }).token;
}

function asOperator(server: TestServer, method: string, path: string, body?: unknown) {
  return fetch(new URL(path, server.url), {
    method,
    headers: {
      authorization: `Bearer ${AUTH_TOKEN}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

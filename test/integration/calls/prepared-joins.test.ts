// Paths that are up before the click, with real media: nobody sees them, nothing crosses them, and a join uses
// them.
import '../../support/sdk/media.ts';
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type PreparedCall, prepareCall } from '../../../client/sdk/prepared/prepare-call.ts';
import { joinCall } from '../../../client/sdk/session/join-call.ts';
import type { LocalTrackInput } from '../../../client/sdk/session/types.ts';
import { until } from '../../support/process/until.ts';
import { cameraTrack, microphoneTrack } from '../../support/sdk/media.ts';
import { Person } from '../../support/sdk/participant.ts';
import { openTransports, rtpBytes } from '../../support/sdk/worker-transports.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { ownedBy } from '../../support/server/owned.ts';

const ROOM = 'team';
const HANDLER = { handlerName: 'Chrome111' } as const;

function devices(t: TestContext): LocalTrackInput[] {
  const microphone = ownedBy(t).use(microphoneTrack());
  const camera = ownedBy(t).use(cameraTrack());
  return [
    { source: 'microphone', track: microphone.track },
    { source: 'camera', track: camera.track },
  ];
}

/** Prepares, and waits until both transports have ICE and DTLS. */
async function prepared(
  t: TestContext,
  { url }: TestServer,
  tracks: readonly LocalTrackInput[],
): Promise<PreparedCall> {
  const before = new Set(openTransports());
  const call = prepareCall({ url, room: ROOM, ...HANDLER });
  t.after(() => call.close());
  call.expect(tracks);
  await until('both transports to be connected', () => {
    const transports = openTransports().filter((transport) => !before.has(transport));
    assert.deepEqual(
      transports.map(({ dtlsState, iceState }) => [dtlsState, iceState]),
      Array(2).fill(['connected', 'completed']),
    );
  });
  return call;
}

const names = ({ call }: Person) => call.room.participants.map(({ name }) => name);

test('nobody sees who has only prepared, and not a packet of media crosses; then both see each other', async (t) => {
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, ROOM, 'Ada');
  await until('her tracks to be there', () => assert.equal(server.counts().producer, 2));
  const before = server.counts();
  const { version } = ada.call.room;
  const hers = new Set(openTransports());
  const call = await prepared(t, server, devices(t));
  const his = openTransports().filter((transport) => !hers.has(transport));

  // As much of Ada's media as would show that something flows: it crosses her transports alone.
  const sent = await rtpBytes([...hers]);
  await until('media to flow', async () => {
    assert.ok((await rtpBytes([...hers])) > sent + 5_000);
  });
  assert.equal(await rtpBytes(his), 0);
  const { prepared: count, transport, socket, timer: _, ...now } = server.counts();
  const { prepared: __, transport: transports, socket: sockets, timer: ___, ...then } = before;
  assert.deepEqual([count, transport, socket], [1, transports + 2, sockets + 1]);
  assert.deepEqual(now, then, 'no session, no peer, no producer and no consumer');
  assert.deepEqual(names(ada), ['Ada']);
  assert.equal(ada.call.room.version, version, 'nothing has happened in the room');

  const ben = await Person.join(t, server.url, ROOM, 'Ben', {
    prepared: call,
    tracks: devices(t),
  });
  await Promise.all([ben.sees(ada), ben.hears(ada), ada.sees(ben), ada.hears(ben)]);
  assert.deepEqual(
    openTransports().filter((one) => !hers.has(one)),
    his,
    'the join uses what was prepared',
  );
  assert.deepEqual([server.counts().prepared, server.counts().peer], [0, 2]);
  assert.deepEqual([...ada.problems, ...ben.problems], []);
  ben.call.leave();
  ada.call.leave();
  await server.becomesIdle();
});

test('what is off before the join stays off: a muted microphone and no camera', async (t) => {
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, ROOM, 'Ada');
  const hers = new Set(openTransports());
  const [microphone, camera] = devices(t) as [LocalTrackInput, LocalTrackInput];
  const call = await prepared(t, server, [microphone, camera]);
  const ben = await Person.join(t, server.url, ROOM, 'Ben', {
    prepared: call,
    tracks: [{ ...microphone, muted: true }],
  });
  await ben.sees(ada);
  await until('Ada to know his microphone', () => {
    assert.deepEqual(
      ada.call.room.tracks
        .filter(({ participantId }) => participantId === ben.participantId)
        .map(({ source, muted }) => [source, muted]),
      [['microphone', true]],
    );
  });
  const sending = openTransports().filter((one) => !hers.has(one));
  const received = async () => {
    const reports = (await Promise.all(sending.map((one) => one.getStats()))).flat();
    return reports.reduce((sum, { rtpBytesReceived }) => sum + rtpBytesReceived, 0);
  };
  await ben.sees(ada);
  assert.equal(await received(), 0);
  ben.call.setMuted('microphone', false);
  await ada.hears(ben);
});

test('other devices than before: the join sends those that are chosen now', async (t) => {
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, ROOM, 'Ada');
  const call = await prepared(t, server, devices(t));
  const ben = await Person.join(t, server.url, ROOM, 'Ben', { prepared: call });
  await Promise.all([ada.sees(ben), ada.hears(ben), ben.sees(ada)]);
  assert.deepEqual(ben.problems, []);
});

test('devices that come after the path is up are sent by the join', async (t) => {
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, ROOM, 'Ada');
  const peers = openTransports().length;
  const call = prepareCall({ url: server.url, room: ROOM, ...HANDLER });
  t.after(() => call.close());
  await until('the path that receives to be up', () => {
    const states = openTransports()
      .slice(peers)
      .map(({ dtlsState }) => dtlsState);
    assert.deepEqual(states.toSorted(), ['connected', 'new']);
  });
  const ben = await Person.join(t, server.url, ROOM, 'Ben', { prepared: call });
  await Promise.all([ada.sees(ben), ada.hears(ben), ben.sees(ada)]);
  assert.deepEqual(ben.problems, []);
});

test('a page that is closed leaves nothing', async (t) => {
  const server = await startServer(t);
  const call = await prepared(t, server, devices(t));
  assert.equal(server.counts().prepared, 1);
  call.close();
  await server.becomesIdle();
});

test('a join that is given up before it begins leaves nothing: the socket may be open, or opening', async (t) => {
  const server = await startServer(t);
  const where = { url: server.url, room: ROOM, ...HANDLER };
  for (const call of [await prepared(t, server, devices(t)), prepareCall(where)]) {
    const join = { ...where, name: 'Ben', prepared: call, signal: AbortSignal.abort() };
    await assert.rejects(joinCall(join), { name: 'AbortError' });
  }
  await server.becomesIdle();
});

test('a join that comes before anything is prepared leaves nothing beside it', async (t) => {
  const server = await startServer(t);
  // From before the socket is open to after the transports are.
  for (let turns = 0; turns < 40; turns += 1) {
    const call = prepareCall({ url: server.url, room: ROOM, ...HANDLER });
    for (let n = 0; n < turns * 5; n += 1) await turn();
    const ben = await joinCall({
      url: server.url,
      room: ROOM,
      name: 'Ben',
      prepared: call,
      ...HANDLER,
    });
    await until('the join alone to be there', () => {
      const { prepared: count, transport, socket } = server.counts();
      assert.deepEqual([count, transport, socket], [0, 2, 1]);
    });
    ben.leave();
    await until('him to be gone', () => assert.equal(server.counts().socket, 0));
  }
  await server.becomesIdle();
});

test('nothing could be prepared: the join is as it was', async (t) => {
  const server = await startServer(t, { MAX_PREPARED: '0' });
  const ada = await Person.join(t, server.url, ROOM, 'Ada');
  const call = prepareCall({ url: server.url, room: ROOM, ...HANDLER });
  call.expect(devices(t));
  const ben = await Person.join(t, server.url, ROOM, 'Ben', { prepared: call });
  await Promise.all([ada.sees(ben), ben.sees(ada)]);
  assert.deepEqual(ben.problems, []);
});

test('the server forgot what it had prepared: the same join opens something else', async (t) => {
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, ROOM, 'Ada');
  const count = openTransports().length;
  const call = await prepared(t, server, devices(t));
  // Ended by the node, and the page has not noticed.
  for (const transport of openTransports().slice(count)) transport.close();
  const ben = await Person.join(t, server.url, ROOM, 'Ben', { prepared: call });
  await Promise.all([ada.sees(ben), ben.sees(ada), ada.hears(ben)]);
  assert.deepEqual(ben.problems, []);
});

test('a join with another token, or into another room, takes nothing of it', async (t) => {
  const server = await startServer(t);
  const call = await prepared(t, server, devices(t));
  const other = await joinCall({
    ...{ url: server.url, room: 'another', name: 'Ben', prepared: call },
    ...HANDLER,
  });
  assert.equal(call.isOver, true);
  other.leave();
  await server.becomesIdle();
});

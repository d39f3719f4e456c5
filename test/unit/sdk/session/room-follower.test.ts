// A client follows a room that is large, small, or large again, and asks for what it misses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Retries } from '../../../../client/sdk/link/retries.ts';
import type { Request } from '../../../../client/sdk/media/media-session.ts';
import { RoomFollower } from '../../../../client/sdk/session/room-follower.ts';
import { RoomView } from '../../../../client/sdk/session/room-view.ts';
import { emptyRoom, type RoomSnapshot } from '../../../../shared/room/room.ts';
import { until } from '../../../support/process/until.ts';

const WHOLE: RoomSnapshot = { ...emptyRoom('hall'), version: 20 };
const PART: RoomSnapshot = { ...WHOLE, count: 200, pictured: 0 };

function follow(answers: Record<string, unknown>) {
  const view = new RoomView('hall');
  const asked: [method: string, params: unknown][] = [];
  const request = (async (method: string, params: unknown) => {
    asked.push([method, params]);
    return answers[method];
  }) as Request;
  let changes = 0;
  const room = new RoomFollower({
    ...{ view, request, retries: new Retries() },
    onPatch: () => {},
    onChange: () => {
      changes += 1;
    },
    onResize: () => {},
    onProblem: (error) => assert.fail(error),
  });
  return { view, room, asked, changes: () => changes };
}

const PAGE = { version: 20, participants: [], tracks: [], total: 7 };

test('a small room is searched here, a large one at the server', async () => {
  const { view, room, asked } = follow({ participants: PAGE });
  view.adopt(WHOLE);
  assert.equal((await room.find({ search: 'a' })).total, 0);
  assert.deepEqual(asked, []);
  view.adopt(PART);
  assert.equal((await room.find({ search: ' ', limit: 1_000 })).total, 7);
  assert.deepEqual(asked, [['participants', { offset: 0, limit: 100 }]]);
});

test('the last pages are asked for again after a resume, each once', async () => {
  const { view, room, asked } = follow({ participants: PAGE });
  view.adopt(PART);
  for (const offset of [0, 50, 100, 150, 200, 200]) await room.find({ offset, limit: 50 });
  asked.length = 0;
  room.resumed(null);
  await until('all of them', () => assert.equal(asked.length, 4));
  assert.deepEqual(
    asked.map(([, params]) => (params as { offset: number }).offset),
    [50, 100, 150, 200],
  );
});

test('patches do not lead from a part to the whole: the room is asked for', async () => {
  const { view, room, asked, changes } = follow({ snapshot: { ...WHOLE, version: 22 } });
  view.adopt(PART);
  room.missed({ snapshot: null, patches: [] });
  room.resumed([]);
  await until('the room', () => assert.equal(changes(), 1));
  assert.deepEqual(asked, [['snapshot', {}]]);
  assert.ok(!view.isPart);
});

test('a gap is mended by the room as it is now', async () => {
  const { view, room, changes } = follow({ snapshot: { ...PART, version: 30, count: 300 } });
  view.adopt(PART);
  room.change({ since: 25, version: 26, ops: [], away: [], count: 250, pictured: 0 });
  await until('the room', () => assert.equal(changes(), 1));
  assert.deepEqual([view.count, view.snapshot.version], [300, 30]);
});

// Changes of a large room reach clients several at a time, each once and in order, whatever the client understands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchOf, gatherMs, hasLeft } from '../../../../server/signaling/roster/patch-batch.ts';
import { FrameQueue } from '../../../../server/signaling/socket/frame-queue.ts';
import type { RoomPatch } from '../../../../shared/room/operations.ts';

const patch = (version: number, participantId = 'ann'): RoomPatch => ({
  version,
  ops: [{ op: 'leave', participantId }],
});

function client({ gathered = true, self = 'me' } = {}) {
  const frames: { event: string; versions: number[] }[] = [];
  const sink = {
    send(text: string) {
      const { event, data } = JSON.parse(text);
      const patches: RoomPatch[] = event === 'patches' ? data.patches : [data];
      frames.push({ event, versions: patches.map(({ version }) => version) });
    },
  };
  const queue = new FrameQueue(() => sink);
  const send = (...patches: RoomPatch[]) =>
    queue.sendPatches(batchOf(patches), {
      older: false,
      gathered,
      except: (each) => hasLeft(each, self),
    });
  return { queue, frames, send };
}

test('several are one event for a client that reads it, and a single one is what it always was', () => {
  const { frames, send } = client();
  send(patch(1), patch(2), patch(3));
  send(patch(4));
  assert.deepEqual(frames, [
    { event: 'patches', versions: [1, 2, 3] },
    { event: 'patch', versions: [4] },
  ]);
});

test('a client of an earlier release gets them one by one', () => {
  const { frames, send } = client({ gathered: false });
  send(patch(1), patch(2));
  assert.deepEqual(
    frames.map(({ event, versions }) => [event, ...versions]),
    [
      ['patch', 1],
      ['patch', 2],
    ],
  );
});

test('those that came with the answer of the join are not sent again', () => {
  const { queue, frames, send } = client();
  queue.pause();
  send(patch(1), patch(2));
  queue.flush(2);
  send(patch(2), patch(3));
  assert.deepEqual(frames, [{ event: 'patch', versions: [3] }]);
});

test('those that came while an answer was under way follow it', () => {
  const { queue, frames, send } = client();
  queue.pause();
  send(patch(3), patch(4));
  assert.deepEqual(frames, []);
  queue.flush(2);
  assert.deepEqual(
    frames.flatMap(({ versions }) => versions),
    [3, 4],
  );
});

test('a client is not told of its own departure, but of the others', () => {
  const { frames, send } = client({ self: 'bo' });
  send(patch(1), patch(2, 'bo'), patch(3));
  assert.deepEqual(
    frames.flatMap(({ versions }) => versions),
    [1, 3],
  );
});

for (const [participants, expected] of [
  [0, 0],
  [49, 0],
  [50, 50],
  [200, 200],
  [500, 500],
  [10_000, 500],
] as const) {
  test(`the changes of a room of ${participants} are gathered for ${expected} ms`, () => {
    assert.equal(gatherMs(participants), expected);
  });
}

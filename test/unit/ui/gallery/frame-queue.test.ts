// A page changes at most once a frame, however fast a room does.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { effect, signal } from '@preact/signals';
import { FrameQueue } from '../../../../client/ui/call/frame-queue.ts';

let frames: (() => void)[] = [];
const nextFrame = () => {
  for (const frame of frames.splice(0)) frame();
};

beforeEach(() => {
  frames = [];
  Object.assign(globalThis, {
    requestAnimationFrame: (frame: () => void) => frames.push(frame),
    cancelAnimationFrame: () => {},
  });
});

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'requestAnimationFrame');
  Reflect.deleteProperty(globalThis, 'cancelAnimationFrame');
});

test('the first change is made at once; of those that follow in the frame, the last one with the next', () => {
  const queue = new FrameQueue();
  const made: string[] = [];
  for (const version of [1, 2, 3, 4]) queue.run('room', () => made.push(`room ${version}`));
  queue.run('speakers', () => made.push('speakers'));
  assert.deepEqual(made, ['room 1']);
  nextFrame();
  assert.deepEqual(made, ['room 1', 'room 4', 'speakers']);
  queue.run('room', () => made.push('room 5'));
  assert.equal(made.length, 3, 'the frame has had its change');
  nextFrame();
  nextFrame();
  queue.run('room', () => made.push('room 6'));
  assert.deepEqual(made.slice(3), ['room 5', 'room 6']);
  queue.close();
});

test('whoever looks at both is told once', () => {
  const queue = new FrameQueue();
  const [room, speakers] = [signal(0), signal(0)];
  let drawn = 0;
  const end = effect(() => {
    drawn += room.value + speakers.value >= 0 ? 1 : 0;
  });
  queue.run('first', () => {});
  for (let n = 1; n <= 100; n++) {
    queue.run('room', () => {
      room.value = n;
    });
    queue.run('speakers', () => {
      speakers.value = n;
    });
  }
  nextFrame();
  assert.deepEqual([drawn, room.value, speakers.value], [2, 100, 100]);
  end();
  queue.close();
});

test('a page that has no frames, because it is hidden, changes too; one that is closed does not', async () => {
  const queue = new FrameQueue();
  const changed = Promise.withResolvers<void>();
  queue.run('room', () => {});
  queue.run('room', () => changed.resolve());
  await changed.promise;
  const closed = new FrameQueue();
  closed.run('room', () => {});
  closed.run('room', () => assert.fail('it is closed'));
  closed.close();
  nextFrame();
  queue.close();
});

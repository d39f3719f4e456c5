// What a subscriber hears: every patch once and in order, whatever was lost on the way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Since } from '../../../server/cluster/redis/rooms/codec.ts';
import { RoomFeed } from '../../../server/cluster/redis/rooms/feed.ts';
import { ParleyError } from '../../../shared/errors.ts';

const BIRTH = '1763000000.000001';
const LATER = '1763000000.000002';
const EARLIER = '1763000000.000000';

const op = (n: number) => ({ op: 'leave' as const, participantId: `participant-${n}` });
const patch = (version: number) => ({ version, ops: [op(version)] });
const told = (version: number, birth = BIRTH) => `${birth} ${JSON.stringify(patch(version))}`;

/** A feed whose questions are answered by hand. */
class Scene {
  readonly heard: string[] = [];
  readonly unreadable: unknown[] = [];
  readonly asked: { version: number; answer: PromiseWithResolvers<Since | undefined> }[] = [];
  readonly feed = new RoomFeed({
    since: (version) => {
      const answer = Promise.withResolvers<Since | undefined>();
      this.asked.push({ version, answer });
      return answer.promise;
    },
    deliver: ({ version, ops }) =>
      this.heard.push(ops.length > 0 ? `${version}` : `gap ${version}`),
    onUnreadable: (error) => this.unreadable.push(error),
  });

  /** Answers the oldest question. @returns the version that was asked about */
  async answer(since: Since | undefined | Error): Promise<number> {
    const question = this.asked.shift();
    assert.ok(question, 'nothing was asked');
    if (since instanceof Error) question.answer.reject(since);
    else question.answer.resolve(since);
    await new Promise(setImmediate);
    return question.version;
  }

  static async at(version: number | undefined): Promise<Scene> {
    const scene = new Scene();
    const begun = scene.feed.begin();
    await scene.answer(
      version === undefined ? undefined : { birth: BIRTH, version, patches: undefined },
    );
    await begun;
    return scene;
  }
}

const since = (version: number, from?: number, birth = BIRTH): Since => ({
  birth,
  version,
  patches:
    from === undefined
      ? undefined
      : Array.from({ length: version - from + 1 }, (_, n) => patch(from + n)),
});

test('what follows is delivered as it comes, and nothing twice', async () => {
  const { feed, heard, asked } = await Scene.at(3);
  for (const version of [2, 3, 4, 4, 5, 3]) feed.onMessage(told(version));
  assert.deepEqual(heard, ['4', '5']);
  assert.equal(asked.length, 0);
});

test('what comes before the beginning is known waits for it', async () => {
  const scene = new Scene();
  const begun = scene.feed.begin();
  for (const version of [3, 4, 5]) scene.feed.onMessage(told(version));
  assert.deepEqual(scene.heard, []);
  await scene.answer(since(4));
  await begun;
  assert.deepEqual(scene.heard, ['5']);
});

test('a room that begins later is heard from its beginning', async () => {
  const { feed, heard } = await Scene.at(undefined);
  feed.onMessage(told(1));
  feed.onMessage(told(2));
  assert.deepEqual(heard, ['1', '2']);
});

test('a lost message is fetched before the one that showed it', async () => {
  const scene = await Scene.at(1);
  for (const version of [2, 5, 6]) scene.feed.onMessage(told(version));
  assert.deepEqual(scene.heard, ['2']);
  assert.equal(await scene.answer(since(6, 3)), 2);
  assert.deepEqual(scene.heard, ['2', '3', '4', '5', '6']);
});

test('after an outage what was missed comes first', async () => {
  const scene = await Scene.at(1);
  scene.feed.onResumed();
  scene.feed.onMessage(told(4));
  assert.equal(await scene.answer(since(3, 2)), 1);
  assert.deepEqual(scene.heard, ['2', '3', '4']);
});

test('another outage while it catches up: it asks again', async () => {
  const scene = await Scene.at(1);
  scene.feed.onResumed();
  scene.feed.onResumed();
  assert.equal(await scene.answer(since(2, 2)), 1);
  assert.equal(await scene.answer(since(4, 3)), 2);
  assert.deepEqual(scene.heard, ['2', '3', '4']);
});

test('a store that does not answer is asked until it does', async () => {
  const scene = await Scene.at(1);
  scene.feed.onResumed();
  await scene.answer(new ParleyError('unavailable'));
  await scene.answer(new ParleyError('unavailable'));
  await scene.answer(since(2, 2));
  assert.deepEqual(scene.heard, ['2']);
  assert.deepEqual(scene.unreadable, []);
});

test('what is no longer kept is one empty patch that shows the gap', async () => {
  const scene = await Scene.at(1);
  scene.feed.onResumed();
  await scene.answer(since(400));
  scene.feed.onMessage(told(400));
  scene.feed.onMessage(told(401));
  assert.deepEqual(scene.heard, ['gap 400', '401']);
});

test('a later room of the same name follows the one that ended', async () => {
  const { feed, heard } = await Scene.at(7);
  feed.onMessage(told(8));
  feed.onMessage(told(1, LATER));
  feed.onMessage(told(2, LATER));
  feed.onMessage(told(9));
  assert.deepEqual(heard, ['8', '1', '2']);
});

test('a later room that began unheard shows a gap, however far it got', async () => {
  for (const version of [2, 8, 20]) {
    const scene = await Scene.at(7);
    scene.feed.onResumed();
    scene.feed.onMessage(told(8, EARLIER));
    await scene.answer(since(version, 1, LATER));
    const [gap = '', ...rest] = scene.heard;
    assert.match(gap, /^gap/);
    assert.notEqual(gap, 'gap 8', 'it would seem to follow');
    assert.deepEqual(rest, []);
    scene.feed.onMessage(told(version + 1, LATER));
    assert.equal(scene.heard.at(-1), String(version + 1));
  }
});

test('a room that ended unheard: the next one is heard from its beginning', async () => {
  const scene = await Scene.at(7);
  scene.feed.onResumed();
  await scene.answer(undefined);
  scene.feed.onMessage(told(1, LATER));
  assert.deepEqual(scene.heard, ['1']);
});

test('a message that is none is dropped, and what it said is fetched', async () => {
  const scene = await Scene.at(1);
  for (const text of ['', 'nonsense', `${BIRTH} {}`, `${BIRTH} [`]) scene.feed.onMessage(text);
  assert.equal(scene.unreadable.length, 4);
  scene.feed.onMessage(told(3));
  await scene.answer(since(3, 2));
  assert.deepEqual(scene.heard, ['2', '3']);
});

test('a store that answers nonsense does not stop what follows', async () => {
  const scene = await Scene.at(1);
  scene.feed.onMessage(told(3));
  await scene.answer(new Error('nonsense'));
  scene.feed.onMessage(told(4));
  assert.deepEqual(scene.heard, ['3', '4']);
  assert.equal(scene.unreadable.length, 1);
});

test('after its end nothing is delivered or asked', async () => {
  const scene = await Scene.at(1);
  scene.feed.onResumed();
  scene.feed.close();
  await scene.answer(new ParleyError('unavailable'));
  scene.feed.onMessage(told(2));
  assert.deepEqual([scene.heard, scene.asked.length], [[], 0]);
});

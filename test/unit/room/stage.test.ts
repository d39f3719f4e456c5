// Who is on the stage of a large room: the first pictures, and those who spoke last.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LINGER_MS, Stage } from '../../../server/room/stage.ts';
import type { Track } from '../../../shared/room/room.ts';

const LIMITS = {
  everyVoiceUpTo: 0,
  voices: 1,
  readyVoices: 0,
  pictures: 1,
  maxPictures: 9,
  sharpPictures: 9,
};
/** One participant's own tracks are not received: there is one voice and one picture more for each kind of them. */
const VOICES = 3;
const PICTURES = 3;

const track = (owner: string, source: Track['source']): Track => {
  const kind = source === 'microphone' ? 'audio' : 'video';
  return { id: `${source} of ${owner}`, participantId: owner, kind, source, muted: false };
};
const everybody = () => true;

function settled(
  stage: Stage,
  nowMs = 0,
  isPresent: (id: string) => boolean = everybody,
): string[] {
  stage.settle(isPresent, nowMs);
  return [...stage.ids].toSorted();
}

test('the first pictures, screens before cameras', () => {
  const stage = new Stage(LIMITS);
  for (const owner of 'abcdef') stage.publish(track(owner, 'camera'));
  assert.deepEqual(settled(stage), ['a', 'b', 'c'].slice(0, PICTURES));
  stage.publish(track('f', 'screen'));
  assert.deepEqual(settled(stage, 0).includes('f'), true);
});

test('whoever speaks; whoever gave the place away lingers, as their voice does', () => {
  const stage = new Stage(LIMITS);
  for (const owner of 'abcdef') stage.publish(track(owner, 'microphone'));
  const before = settled(stage);
  assert.equal(before.length, VOICES);
  stage.spoke(['microphone of f']);
  assert.deepEqual(stage.settle(everybody, 0).entered, ['f']);
  assert.equal([...stage.ids].length, VOICES + 1);
  assert.deepEqual(stage.settle(everybody, LINGER_MS - 1), { entered: [], left: [] });
  assert.equal(stage.settle(everybody, LINGER_MS).left.length, 1);
});

test('whoever comes back while they linger has never been away', () => {
  const stage = new Stage(LIMITS);
  for (const owner of 'abcdef') stage.publish(track(owner, 'microphone'));
  settled(stage);
  stage.spoke(['microphone of f']);
  settled(stage);
  const [lingering] = ['a', 'b', 'c'].filter((id) => !settled(stage, 1).includes(id)).concat('c');
  stage.spoke([`microphone of ${lingering}`]);
  assert.deepEqual(stage.settle(everybody, LINGER_MS + 1).entered, []);
  assert.ok(stage.has(lingering!));
});

test('whoever left the room is gone at once', () => {
  const stage = new Stage(LIMITS);
  stage.publish(track('a', 'camera'));
  settled(stage);
  stage.unpublish('camera of a');
  assert.deepEqual(stage.settle((id) => id !== 'a', 0).left, ['a']);
});

test('a participant who unmutes is about to speak, and one who mutes keeps the place for a while', () => {
  const stage = new Stage(LIMITS);
  for (const owner of 'abcdef') stage.publish(track(owner, 'microphone'));
  stage.mute('microphone of f', true);
  assert.ok(!settled(stage).includes('f'));
  stage.mute('microphone of f', false);
  assert.ok(settled(stage).includes('f'));
  stage.mute('microphone of f', true);
  assert.ok(settled(stage, 1).includes('f'));
  assert.ok(!settled(stage, 1 + LINGER_MS).includes('f'));
});

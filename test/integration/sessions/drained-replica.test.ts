// A web replica that is drained sends its participants elsewhere, spread over a while, and they miss nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomId } from '../../../client/sdk/session/ids.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { inTurns } from '../../support/process/in-turns.ts';
import { until } from '../../support/process/until.ts';
import { RawClient } from '../../support/server/client.ts';
import { RoomFollower } from '../../support/server/room-follower.ts';

const ROOMS = 30;
const PER_ROOM = 10;
const AT_ONCE = 20;
/** Each room hears this many messages a second. */
const MESSAGE_EVERY_MS = 100;
const DRAIN_WITHIN_MS = 20_000;
const SPREAD_AT_LEAST_MS = 2_000;

test('300 participants of a drained replica leave over two seconds and miss no message', async (t) => {
  const { web } = await startReplicas(t, { web: 2 }, { CHAT_MESSAGES_PER_MINUTE: '6000' });
  const [drained, other] = [web[0]!, web[1]!];
  const speakers: RawClient[] = [];
  for (let room = 0; room < ROOMS; room++) {
    const speaker = await RawClient.open(t, other.signalingUrl);
    await speaker.join(`room-${room}`);
    speakers.push(speaker);
  }
  const urls = [drained.signalingUrl, other.signalingUrl] as const;
  const followers = await inTurns(ROOMS * PER_ROOM, AT_ONCE, (n) =>
    RoomFollower.join({ owner: t, room: `room-${n % ROOMS}`, urls }),
  );

  const said: string[] = [];
  const say = async () => {
    const text = `message ${said.length}`;
    said.push(text);
    await Promise.all(speakers.map((speaker) => speaker.request('chat', { id: randomId(), text })));
  };
  await say();
  let isDrained = false;
  const draining = drained.drain(DRAIN_WITHIN_MS).then(() => {
    isDrained = true;
  });
  while (!isDrained) {
    await say();
    await new Promise((resolve) => setTimeout(resolve, MESSAGE_EVERY_MS));
  }
  await draining;
  await until('everybody to be back', () =>
    assert.ok(followers.every(({ backAt }) => backAt !== undefined)),
  );
  await say();
  await until('everybody to have heard the last message', () => {
    for (const { texts, faults } of followers) {
      assert.deepEqual(faults, []);
      assert.equal(texts.at(-1), said.at(-1));
    }
  });
  for (const { texts } of followers) assert.deepEqual(texts, said);
  const goodbyes = followers.map(({ sentAwayAt = 0 }) => sentAwayAt).sort((a, b) => a - b);
  const spreadMs = goodbyes.at(-1)! - goodbyes[0]!;
  t.diagnostic(`${followers.length} participants left within ${Math.round(spreadMs)} ms`);
  assert.ok(spreadMs >= SPREAD_AT_LEAST_MS, `all left within ${Math.round(spreadMs)} ms`);
  // Evenly: no half second has more than twice its part.
  const inHalfSecond = (from: number) =>
    goodbyes.filter((at) => at >= from && at < from + 500).length;
  const most = Math.max(...goodbyes.map(inHalfSecond));
  assert.ok(most <= (2 * followers.length * 500) / spreadMs, `${most} left in half a second`);
});

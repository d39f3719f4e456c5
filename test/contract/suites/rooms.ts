// Rooms: who is admitted, what is committed, what is told, what is kept.
import assert from 'node:assert/strict';
import { randomId } from '../../../client/sdk/session/ids.ts';
import type { RoomPatch } from '../../../shared/room/operations.ts';
import { applyPatch } from '../../../shared/room/operations.ts';
import { until } from '../../support/process/until.ts';
import { type ClusterTest, KEPT, refusal } from './cluster-test.ts';
import { admission, chat, enter, LIMITS, publish } from './room-fixtures.ts';

export function roomsContract(promises: ClusterTest): void {
  promises('a room begins with its first participant and ends with its last', async ({ a, b }) => {
    assert.equal(await b.rooms.snapshot('team'), undefined);
    const { snapshot } = await a.rooms.admit('team', admission('participant-1'));
    assert.deepEqual(snapshot.participants, [admission('participant-1').participant]);
    assert.deepEqual(await b.rooms.snapshot('team'), snapshot);
    const second = await enter(b.rooms, 'team');
    await a.rooms.release('team', { participantId: 'participant-1', fence: 1 });
    assert.equal((await b.rooms.snapshot('team'))?.participants.length, 1);
    await a.rooms.release('team', second);
    assert.equal(await b.rooms.snapshot('team'), undefined);
  });

  promises(
    'a brief admission says the version alone, and refuses as others do',
    async ({ a, b }) => {
      await enter(a.rooms, 'team');
      const patches: RoomPatch[] = [];
      await b.rooms.subscribe('team', (patch) => patches.push(patch));
      const brief = { ...admission('participant-2', { maxParticipants: 2 }), brief: true };
      assert.deepEqual(await a.rooms.admit('team', brief), { version: 2 });
      await until('the patch to come', () => assert.equal(patches.at(-1)?.version, 2));
      assert.equal((await b.rooms.snapshot('team'))?.participants.length, 2);
      const third = { ...admission('participant-3', { maxParticipants: 2 }), brief: true };
      assert.equal(await refusal(a.rooms.admit('team', third)), 'room_full');
      const whole = await a.rooms.admit('team', { ...admission('participant-4'), brief: false });
      assert.equal(whole.snapshot?.participants.length, 3);
    },
  );

  promises('a room that ended begins anew, without the chat of before', async ({ a }) => {
    const first = await enter(a.rooms, 'team');
    await a.rooms.commit('team', first, [chat(first), publish(first)], LIMITS);
    await a.rooms.release('team', first);
    const { snapshot } = await a.rooms.admit('team', admission('participant-1'));
    assert.deepEqual([snapshot.version, snapshot.chat, snapshot.tracks], [1, [], []]);
  });

  promises('rooms do not know of each other', async ({ a, b }) => {
    const here = await enter(a.rooms, 'here');
    await enter(b.rooms, 'there');
    await a.rooms.commit('here', here, [chat(here)], LIMITS);
    assert.equal((await b.rooms.snapshot('there'))?.chat.length, 0);
    assert.equal(await refusal(b.rooms.commit('there', here, [], LIMITS)), 'session_lost');
  });

  promises('of 200 who come at once, exactly as many are admitted as fit', async ({ a, b }) => {
    const attempts = Array.from({ length: 200 }, (_, n) => {
      const person = admission(randomId(), { maxParticipants: 50 });
      return (n % 2 ? a : b).rooms.admit('team', person).then(
        () => 'admitted',
        (error) => error.code,
      );
    });
    const outcomes = await Promise.all(attempts);
    assert.equal(outcomes.filter((outcome) => outcome === 'admitted').length, 50);
    assert.equal(outcomes.filter((outcome) => outcome === 'room_full').length, 150);
    assert.equal((await b.rooms.snapshot('team'))?.participants.length, 50);
  });

  promises('a place that somebody left is free again', async ({ a }) => {
    const only = { maxParticipants: 1 };
    await a.rooms.admit('team', admission('participant-1', only));
    assert.equal(
      await refusal(a.rooms.admit('team', admission('participant-2', only))),
      'room_full',
    );
    await a.rooms.release('team', { participantId: 'participant-1', fence: 1 });
    await a.rooms.admit('team', admission('participant-2', only));
  });

  promises('a refused admission leaves no room behind', async ({ a }) => {
    await refusal(a.rooms.admit('team', admission('participant-1', { maxParticipants: 0 })));
    assert.equal(await a.rooms.snapshot('team'), undefined);
  });

  promises('operations of a commit happen together, or none of them does', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    const before = await b.rooms.snapshot('team');
    const strange = { participantId: 'somebody-else', fence: 1 };
    const mixed = [publish(guard), chat(guard), publish(strange)];
    assert.equal(await refusal(a.rooms.commit('team', guard, mixed, LIMITS)), 'forbidden');
    assert.deepEqual(await b.rooms.snapshot('team'), before);
    const patch = await a.rooms.commit('team', guard, [publish(guard), chat(guard)], LIMITS);
    assert.equal(patch.ops.length, 2);
    const after = await b.rooms.snapshot('team');
    assert.deepEqual([after?.version, after?.tracks.length, after?.chat.length], [2, 1, 1]);
  });

  promises('limits hold however commits are bundled', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    const four = [1, 2, 3, 4].map(() => publish(guard));
    assert.equal(await refusal(a.rooms.commit('team', guard, four, LIMITS)), 'too_many_tracks');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) =>
        (n % 2 ? a : b).rooms.commit('team', guard, [publish(guard)], LIMITS),
      ),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 3);
  });

  promises('of several who want the same track id, one gets it', async ({ a, b }) => {
    const people = await Promise.all([1, 2, 3, 4].map(() => enter(a.rooms, 'team')));
    const outcomes = await Promise.allSettled(
      people.map((guard, n) =>
        (n % 2 ? a : b).rooms.commit('team', guard, [publish(guard, 'track-wanted')], LIMITS),
      ),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'id_taken');
    }
    assert.equal((await b.rooms.snapshot('team'))?.tracks.length, 1);
  });

  promises('whoever listens hears each patch once, in order, and can follow', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    let followed = await b.rooms.snapshot('team');
    const heard: number[] = [];
    const subscription = await b.rooms.subscribe('team', (patch) => {
      heard.push(patch.version);
      if (followed) followed = applyPatch(followed, patch, KEPT);
    });
    const commits = Array.from({ length: 40 }, (_, n) =>
      (n % 2 ? a : b).rooms.commit('team', guard, [chat(guard, `message ${n}`)], LIMITS),
    );
    await Promise.all(commits);
    const expected = Array.from({ length: 40 }, (_, n) => n + 2);
    await until('every patch', () => assert.deepEqual(heard, expected));
    assert.deepEqual(followed, await a.rooms.snapshot('team'));
    await subscription.close();
  });

  promises('joins, leaves and removals are told like everything else', async ({ a, b }) => {
    const heard: string[] = [];
    await b.rooms.subscribe('team', ({ ops }) => heard.push(...ops.map(({ op }) => op)));
    const host = await enter(a.rooms, 'team', 'host');
    const guest = await enter(a.rooms, 'team');
    const other = await enter(a.rooms, 'team');
    const leave = { op: 'leave', participantId: guest.participantId } as const;
    await a.rooms.commit('team', host, [leave], LIMITS);
    await a.rooms.release('team', other);
    const expected = ['join', 'join', 'join', 'leave', 'leave'];
    await until('all of it', () => assert.deepEqual(heard, expected));
  });

  promises('after its end a subscription hears nothing; the others go on', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    const heard: [string[], string[]] = [[], []];
    const listener = (n: 0 | 1) => (patch: RoomPatch) => heard[n].push(String(patch.version));
    const first = await a.rooms.subscribe('team', listener(0));
    await b.rooms.subscribe('team', listener(1));
    await first.close();
    await first.close();
    await a.rooms.commit('team', guard, [chat(guard)], LIMITS);
    await until('the other to hear it', () => assert.deepEqual(heard[1], ['2']));
    assert.deepEqual(heard[0], []);
  });

  promises('what was missed can be had while it is kept', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    for (let n = 0; n < KEPT.patchHistory; n++) {
      await a.rooms.commit('team', guard, [chat(guard)], LIMITS);
    }
    const current = 1 + KEPT.patchHistory;
    const versions = async (since: number) =>
      (await b.rooms.patchesSince('team', since))?.map(({ version }) => version);
    assert.deepEqual(await versions(current), []);
    assert.deepEqual(await versions(current - 2), [current - 1, current]);
    assert.equal((await versions(1))?.length, KEPT.patchHistory);
    assert.equal(await versions(0), undefined, 'one more than is kept');
    assert.equal(await versions(current + 1), undefined, 'of a future that this room never had');
    assert.equal(await b.rooms.patchesSince('nowhere', 0), undefined);
  });

  promises('as much chat is kept as was asked for', async ({ a }) => {
    const guard = await enter(a.rooms, 'team');
    for (let n = 0; n < KEPT.chatHistory + 3; n++) {
      await a.rooms.commit('team', guard, [chat(guard, `message ${n}`)], LIMITS);
    }
    const texts = (await a.rooms.snapshot('team'))?.chat.map(({ text }) => text);
    assert.deepEqual(texts, ['message 3', 'message 4', 'message 5', 'message 6', 'message 7']);
  });

  promises('nothing that was given or got is shared with the store', async ({ a, b }) => {
    const person = admission('participant-1');
    const { snapshot } = await a.rooms.admit('team', person);
    const guard = { participantId: 'participant-1', fence: 1 };
    const op = chat(guard, 'as it was said');
    const told: RoomPatch[] = [];
    await b.rooms.subscribe('team', (patch) => {
      told.push(structuredClone(patch));
      Object.assign(patch, { version: -1, ops: [] });
    });
    const patch = await a.rooms.commit('team', guard, [op], LIMITS);
    Object.assign(person.participant, { name: 'changed' });
    Object.assign(snapshot.participants[0] ?? {}, { name: 'changed' });
    if (op.op === 'chat') op.message.text = 'changed';
    patch.ops.length = 0;
    const kept = await b.rooms.snapshot('team');
    kept?.participants.splice(0);
    const again = await b.rooms.snapshot('team');
    assert.equal(again?.participants[0]?.name, 'participant-1');
    assert.equal(again?.chat[0]?.text, 'as it was said');
    await until('the patch', () => assert.equal(told[0]?.ops.length, 1));
    assert.equal((await b.rooms.patchesSince('team', 1))?.[0]?.ops.length, 1);
  });
}

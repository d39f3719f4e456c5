// Sessions: whoever claimed one last speaks for it, and nobody else.
import assert from 'node:assert/strict';
import { until } from '../../support/process/until.ts';
import { type ClusterTest, refusal } from './cluster-test.ts';
import { admission, chat, enter, HASH, LIMITS, publish } from './room-fixtures.ts';

export function sessionsContract(promises: ClusterTest): void {
  promises('a claim takes the session over: the guard of before is refused', async ({ a, b }) => {
    const before = await enter(a.rooms, 'team');
    const claimed = await b.rooms.claim('team', before.participantId, HASH);
    assert.equal(claimed.fence, 2);
    assert.equal(
      await refusal(a.rooms.commit('team', before, [chat(before)], LIMITS)),
      'session_replaced',
    );
    await b.rooms.commit('team', claimed, [chat(claimed)], LIMITS);
    assert.equal((await a.rooms.snapshot('team'))?.chat.length, 1);
  });

  promises('of many claims at once the last one holds', async ({ a, b }) => {
    const { participantId } = await enter(a.rooms, 'team');
    const guards = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? a : b).rooms.claim('team', participantId, HASH),
      ),
    );
    const fences = guards.map(({ fence }) => fence).sort((x, y) => x - y);
    assert.deepEqual(
      fences,
      Array.from({ length: 20 }, (_, n) => n + 2),
    );
    const outcomes = await Promise.all(
      guards.map((guard) =>
        a.rooms.commit('team', guard, [], LIMITS).then(
          () => guard.fence,
          ({ code }) => code,
        ),
      ),
    );
    assert.deepEqual(
      outcomes.filter((outcome) => outcome !== 'session_replaced'),
      [21],
    );
  });

  promises('what let a removed participant in lets nobody in any more', async ({ a, b }) => {
    const host = await enter(a.rooms, 'team', 'host');
    const door = { shown: 'the-link', ends: ['the-link', 'an-older-session'] };
    await a.rooms.admit('team', admission('participant-1', { door }));
    // Somebody with the same link, before and after.
    const again = (shown: string, id: string, room = 'team') =>
      b.rooms.admit(room, admission(id, { door: { shown, ends: [shown] } }));
    await again('the-link', 'participant-2');
    await a.rooms.commit('team', host, [{ op: 'leave', participantId: 'participant-1' }], LIMITS);
    for (const shown of ['the-link', 'an-older-session', 'participant-1']) {
      assert.equal(await refusal(again(shown, 'participant-3')), 'invitation_ended', shown);
    }
    await again('another-link', 'participant-3');
    await again('participant-2', 'participant-4');
    await again('the-link', 'participant-1', 'another-room');
    const names = (await a.rooms.snapshot('team'))?.participants.map(({ id }) => id);
    assert.deepEqual(names?.slice(1), ['participant-2', 'participant-3', 'participant-4']);
  });

  promises('what let a participant in goes on to do so after they left', async ({ a, b }) => {
    await enter(a.rooms, 'team');
    const door = { shown: 'the-link', ends: ['the-link'] };
    await a.rooms.admit('team', admission('participant-1', { door }));
    await a.rooms.release('team', { participantId: 'participant-1', fence: 1 });
    await b.rooms.admit('team', admission('participant-2', { door }));
  });

  promises('a claim needs the secret, the participant and the room', async ({ a, b }) => {
    const { participantId } = await enter(a.rooms, 'team');
    const claims = [
      b.rooms.claim('team', participantId, 'another hash'),
      b.rooms.claim('team', participantId, ''),
      b.rooms.claim('team', participantId, `${HASH}x`),
      b.rooms.claim('team', 'somebody-else', HASH),
      b.rooms.claim('nowhere', participantId, HASH),
    ];
    // All at once: one that is refused before it is looked at would be an error of nobody's.
    const refusals = await Promise.all(claims.map(refusal));
    assert.deepEqual(new Set(refusals), new Set(['session_lost']));
    const first = { participantId, fence: 1 };
    await a.rooms.commit('team', first, [], LIMITS);
  });

  promises('a released session is over', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    await enter(a.rooms, 'team');
    await a.rooms.commit('team', guard, [publish(guard)], LIMITS);
    await b.rooms.release('team', guard);
    const room = await a.rooms.snapshot('team');
    assert.deepEqual([room?.participants.length, room?.tracks.length], [1, 0]);
    assert.equal(await refusal(a.rooms.commit('team', guard, [], LIMITS)), 'session_lost');
    assert.equal(await refusal(a.rooms.claim('team', guard.participantId, HASH)), 'session_lost');
  });

  promises('releasing twice, or what is not there, changes nothing', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    await enter(a.rooms, 'team');
    await a.rooms.release('team', guard);
    const version = (await b.rooms.snapshot('team'))?.version;
    await b.rooms.release('team', guard);
    await b.rooms.release('nowhere', guard);
    assert.equal((await b.rooms.snapshot('team'))?.version, version);
  });

  promises(
    'a release by a guard that was taken over changes nothing, and says so',
    async ({ a, b }) => {
      const before = await enter(a.rooms, 'team');
      const claimed = await b.rooms.claim('team', before.participantId, HASH);
      assert.equal(await a.rooms.release('team', before), false);
      assert.equal((await a.rooms.snapshot('team'))?.participants.length, 1);
      await b.rooms.commit('team', claimed, [], LIMITS);
      assert.equal(await b.rooms.release('team', claimed), true);
    },
  );

  promises('who was removed by a host has no session any more', async ({ a, b }) => {
    const host = await enter(a.rooms, 'team', 'host');
    const guest = await enter(b.rooms, 'team');
    const leave = { op: 'leave', participantId: guest.participantId } as const;
    await a.rooms.commit('team', host, [leave], LIMITS);
    assert.equal(await refusal(b.rooms.commit('team', guest, [], LIMITS)), 'session_lost');
    assert.equal(await refusal(b.rooms.claim('team', guest.participantId, HASH)), 'session_lost');
    await a.rooms.release('team', host);
    assert.equal(await b.rooms.snapshot('team'), undefined, 'nobody is left');
  });

  promises('a host who removes everybody, themselves last, ends the room', async ({ a }) => {
    const host = await enter(a.rooms, 'team', 'host');
    const leave = { op: 'leave', participantId: host.participantId } as const;
    await a.rooms.commit('team', host, [leave], LIMITS);
    assert.equal(await a.rooms.snapshot('team'), undefined);
  });

  promises('a claim is not a change of the room: nobody is told', async ({ a, b }) => {
    const { participantId } = await enter(a.rooms, 'team');
    const heard: number[] = [];
    await b.rooms.subscribe('team', ({ version }) => heard.push(version));
    const guard = await b.rooms.claim('team', participantId, HASH);
    await b.rooms.commit('team', guard, [chat(guard)], LIMITS);
    await until('the message', () => assert.deepEqual(heard, [2]));
  });

  promises('in one’s own name only', async ({ a }) => {
    const guest = await enter(a.rooms, 'team');
    const other = await enter(a.rooms, 'team');
    const join = { op: 'join', participant: admission('participant-9').participant } as const;
    for (const op of [chat(other), publish(other), join]) {
      assert.equal(await refusal(a.rooms.commit('team', guest, [op], LIMITS)), 'forbidden');
    }
  });
}

// One node follows what another has of a room, whatever becomes of the messages on their way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MeshChange, MeshState, MeshTrack } from '../../../../server/cluster/messages/mesh.ts';
import { type Difference, OtherState, OwnState } from '../../../../server/sfu/mesh/node-state.ts';

const trackOf = (name: string, paused = false): MeshTrack => ({
  ...{ trackId: name, participantId: name, epoch: 1, producerId: name, routerId: 'r', paused },
  kind: 'audio',
});

function ownState(): OwnState {
  let seq = 0;
  return new OwnState('a', () => ++seq);
}

/** What {@link OtherState} should have, as plain values. */
const contentOf = ({ tracks, links }: Pick<MeshState, 'tracks' | 'links'>) => ({
  tracks: Object.fromEntries(tracks.map((track) => [track.producerId, track.paused])),
  links: Object.fromEntries(
    links.map(({ linkId, producerIds }) => [linkId, producerIds.toSorted()]),
  ),
});
const followedBy = ({ tracks, links }: OtherState) => ({
  tracks: Object.fromEntries([...tracks].map(([id, { paused }]) => [id, paused])),
  links: Object.fromEntries([...links].map(([id, ids]) => [id, [...ids].toSorted()])),
});

test('a change names what is different, and nothing else', () => {
  const own = ownState();
  for (let n = 0; n < 1_000; n++) own.setTrack(trackOf(`t${n}`));
  own.setLink('l', ['x', 'y']);
  own.next();
  own.setTrack(trackOf('t7', true));
  own.removeTrack('t8');
  own.setLink('l', ['y', 'z']);
  assert.deepEqual(own.next(), {
    ...{ kind: 'change', nodeId: 'a', after: 2, seq: 3 },
    tracks: [trackOf('t7', true)],
    removed: ['t8'],
    links: [{ linkId: 'l', added: ['z'], removed: ['x'] }],
    ended: [],
  });
  assert.equal(own.next(), undefined, 'nothing is different any more');
});

test('of a thousand tracks one that is muted is one difference', () => {
  const own = ownState();
  for (let n = 0; n < 1_000; n++) own.setTrack(trackOf(`t${n}`));
  own.next();
  const other = new OtherState();
  other.replace(own.whole());
  own.setTrack(trackOf('t7', true));
  const change = own.next()!;
  assert.deepEqual(other.follow(change), {
    tracks: [trackOf('t7', true)],
    removed: [],
    links: false,
  });
  assert.equal(other.follow(change), 'known', 'it comes twice');
  assert.ok(!other.isBehind(own.digest()));
});

test('a change after one that was lost waits for the whole state', () => {
  const own = ownState();
  const other = new OtherState();
  other.replace(own.whole());
  own.setTrack(trackOf('lost'));
  own.next();
  const asked = own.whole();
  own.setTrack(trackOf('early'));
  assert.equal(other.follow(own.next()!), 'missed');
  assert.ok(other.isMissing);
  assert.deepEqual(other.replace(asked)?.tracks, [trackOf('lost'), trackOf('early')]);
  assert.ok(!other.isMissing && !other.isBehind(own.digest()));
});

test('the same number with another content is put right by the whole state', () => {
  const own = ownState();
  own.setTrack(trackOf('one'));
  own.next();
  const other = new OtherState();
  other.replace({ ...own.whole(), tracks: [] });
  assert.ok(other.isBehind(own.digest()));
  assert.deepEqual(other.replace(own.whole())?.tracks, [trackOf('one')]);
});

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.oneof(
  fc.record({ do: fc.constant('set' as const), name, paused: fc.boolean() }),
  fc.record({ do: fc.constant('remove' as const), name }),
  fc.record({ do: fc.constant('link' as const), name, ids: fc.uniqueArray(name) }),
  fc.record({ do: fc.constant('unlink' as const), name }),
  fc.record({ do: fc.constantFrom('next' as const, 'whole' as const, 'renumber' as const) }),
);

test('in any order, with any loss and repetition, the follower settles on the state of the node', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.array(fc.nat(), { maxLength: 120 }),
      fc.boolean(),
      (steps, picks, inOrder) => {
        const own = ownState();
        const sent: (MeshChange | MeshState)[] = [own.whole()];
        const send = () => {
          const change = own.next();
          if (change) sent.push(change);
        };
        for (const each of steps) {
          if (each.do === 'set') own.setTrack(trackOf(each.name, each.paused));
          else if (each.do === 'remove') own.removeTrack(each.name);
          else if (each.do === 'link') own.setLink(each.name, each.ids);
          else if (each.do === 'unlink') own.removeLink(each.name);
          else if (each.do === 'renumber') own.renumber();
          else send();
          if (each.do === 'whole') sent.push(own.whole());
        }
        send();
        const arriving = picks.map((pick) => pick % sent.length);
        if (inOrder) arriving.sort((a, b) => a - b);
        const other = new OtherState();
        const mirror = new Map<string, boolean>();
        const reflect = (difference: Difference | 'known' | 'missed' | undefined) => {
          if (typeof difference !== 'object') return;
          for (const id of difference.removed) assert.ok(mirror.delete(id), 'it was there');
          for (const { producerId, paused } of difference.tracks) {
            assert.notEqual(mirror.get(producerId), paused, 'it is different');
            mirror.set(producerId, paused);
          }
        };
        for (const index of arriving) {
          const message = sent[index]!;
          reflect('kind' in message ? other.follow(message) : other.replace(message));
        }
        if (other.isBehind(own.digest())) reflect(other.replace(own.whole()));
        assert.deepEqual(followedBy(other), contentOf(own.whole()));
        assert.deepEqual(Object.fromEntries(mirror), followedBy(other).tracks);
        assert.ok(!other.isMissing);
      },
    ),
    { numRuns: 500 },
  );
});

test('without a loss nothing is asked for', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const own = ownState();
      const other = new OtherState();
      other.replace(own.whole());
      for (const each of steps) {
        if (each.do === 'set') own.setTrack(trackOf(each.name, each.paused));
        else if (each.do === 'remove') own.removeTrack(each.name);
        else if (each.do === 'link') own.setLink(each.name, each.ids);
        else if (each.do === 'unlink') own.removeLink(each.name);
        const change = own.next();
        if (change) assert.notEqual(other.follow(change), 'missed');
        assert.ok(!other.isBehind(own.digest()));
      }
    }),
  );
});

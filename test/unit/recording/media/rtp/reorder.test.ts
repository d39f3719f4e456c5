// The order of packets: what waits, for how long, what is lost, and when a sender began another sequence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRtp } from '../../../../../server/recording/media/rtp/packet.ts';
import { type Ordered, Reorder } from '../../../../../server/recording/media/rtp/reorder.ts';
import { rtp } from '../packets.ts';

const LIMITS = { reorderMs: 200, reorderPackets: 16 };
const packet = (sequence: number) => parseRtp(rtp({ sequence, timestamp: 0 }, Buffer.from([1])))!;
const brief = (ordered: readonly Ordered[]) =>
  ordered.map(({ packet: { sequence }, lost, restarted }) =>
    restarted ? `${sequence} anew` : lost > 0 ? `${sequence} after ${lost}` : `${sequence}`,
  );

function pushed(sequences: readonly number[], limits = LIMITS) {
  const reorder = new Reorder(limits);
  const ordered = sequences.flatMap((sequence, index) => reorder.push(packet(sequence), index));
  return { reorder, seen: brief(ordered) };
}

const ORDERS: [string, number[], string[]][] = [
  ['packets in order pass', [1, 2, 3], ['1', '2', '3']],
  ['a late one is waited for', [1, 3, 4, 2], ['1', '2', '3', '4']],
  ['duplicates are left out', [1, 1, 2, 4, 4, 3, 3], ['1', '2', '3', '4']],
  ['the sequence wraps', [65_534, 0, 65_535, 1], ['65534', '65535', '0', '1']],
  ['one before the first is too late', [5, 4, 6], ['5', '6']],
  ['one stray is left out', [1, 30_000, 2, 3], ['1', '2', '3']],
  ['the same stray twice is left out', [1, 30_000, 30_000, 2], ['1', '2']],
  ['another sequence begins', [1, 30_000, 30_001, 30_002], ['1', '30000 anew', '30001', '30002']],
  ['another one behind begins', [40_000, 10, 11], ['40000', '10 anew', '11']],
  ['another one begins in disorder', [1, 30_001, 30_000], ['1', '30000 anew', '30001']],
];
for (const [name, sequences, wanted] of ORDERS) {
  test(name, () => assert.deepEqual(pushed(sequences).seen, wanted));
}

test('what is missing counts as lost after its time, and not before', () => {
  const { reorder } = pushed([1, 4, 5, 9]);
  assert.deepEqual(brief(reorder.expire(200)), []);
  assert.deepEqual(brief(reorder.expire(201)), ['4 after 2', '5']);
  assert.deepEqual(brief(reorder.expire(203)), ['9 after 3']);
  assert.deepEqual(brief(reorder.push(packet(3), 204)), []);
});

test('no more packets wait than may', () => {
  const ahead = Array.from({ length: 17 }, (_, index) => index + 3);
  const { seen } = pushed([1, ...ahead]);
  assert.equal(seen[1], '3 after 1');
  assert.equal(seen.length, 18);
});

test('at the end all comes out', () => {
  const { reorder } = pushed([1, 3, 6]);
  assert.deepEqual(brief(reorder.flush()), ['3 after 1', '6 after 2']);
});

test('in any disorder, with losses and duplicates, each packet comes once, in order, or is counted as lost', () => {
  const place = fc.record({
    delay: fc.integer({ min: 0, max: 12 }),
    copies: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(
      fc.nat(0xffff),
      fc.array(place, { minLength: 1, maxLength: 200 }),
      (start, places) => {
        const arrivals = places
          .flatMap(({ delay, copies }, index) =>
            Array.from({ length: index === 0 ? 1 : copies }, (_, copy) => ({
              index,
              at: index === 0 ? 0 : index + delay + copy * 3,
            })),
          )
          .sort((a, b) => a.at - b.at || a.index - b.index);
        const reorder = new Reorder({ reorderMs: 20, reorderPackets: 64 });
        const ordered = arrivals.flatMap(({ index, at }) => [
          ...reorder.expire(at),
          ...reorder.push(packet((start + index) & 0xffff), at),
        ]);
        ordered.push(...reorder.flush());
        let next = start;
        for (const each of ordered) {
          assert.ok(!each.restarted);
          next = (next + each.lost) & 0xffff;
          assert.equal(each.packet.sequence, next);
          next = (next + 1) & 0xffff;
        }
        const arrived = new Set(arrivals.map(({ index }) => index));
        assert.equal(ordered.length, arrived.size);
      },
    ),
  );
});

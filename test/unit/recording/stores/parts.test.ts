// Which parts make a file, and how much of a torn file is whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  coverage,
  nextPartEnd,
  partKey,
  partsOf,
  readPartKey,
} from '../../../../server/recording/spool/parts.ts';
import { wholeLength } from '../../../../server/recording/spool/whole-length.ts';

const FILE = 'recordings/standup/20261128T184512Z-h7q2m9x4kd/tracks/anna_mic-1.webm';
const FOLDER = 'recordings/standup/20261128T184512Z-h7q2m9x4kd';

test('a part’s key names its file, its place and its length', () => {
  const key = partKey(FILE, 4_096, 12);
  assert.equal(key, `${FOLDER}/parts/tracks~anna_mic-1.webm/000000000004096-12`);
  assert.ok(key.startsWith(partsOf(FILE)));
  assert.deepEqual(readPartKey(FOLDER, key), {
    file: FILE,
    part: { key, offset: 4_096, bytes: 12 },
  });
  for (const other of [FILE, `${FOLDER}/parts/x`, `${key}/x`, `${key}a`, `${FOLDER}/parts/a/b-1`]) {
    assert.equal(readPartKey(FOLDER, other), undefined, other);
  }
});

const part = (offset: number, bytes: number) => ({ key: `${offset}-${bytes}`, offset, bytes });
const COVERAGES = [
  ['nothing', [], [], 0],
  [
    'one after the other',
    [
      [0, 5],
      [5, 3],
    ],
    ['0-5', '5-3'],
    8,
  ],
  [
    'in any order',
    [
      [5, 3],
      [0, 5],
    ],
    ['0-5', '5-3'],
    8,
  ],
  [
    'merged after an outage',
    [
      [0, 5],
      [5, 3],
      [5, 9],
    ],
    ['0-5', '5-9'],
    14,
  ],
  [
    'with a gap',
    [
      [0, 5],
      [6, 3],
    ],
    ['0-5'],
    5,
  ],
  ['without a beginning', [[5, 3]], [], 0],
  [
    'that overlap',
    [
      [0, 5],
      [3, 9],
    ],
    ['0-5', '3-9+2'],
    12,
  ],
  [
    'an exact one rather than one to be cut',
    [
      [0, 5],
      [3, 9],
      [5, 6],
    ],
    ['0-5', '5-6', '3-9+8'],
    12,
  ],
  [
    'empty ones',
    [
      [0, 0],
      [0, 5],
      [5, 0],
    ],
    ['0-5'],
    5,
  ],
] as const;
for (const [name, parts, expected, reach] of COVERAGES) {
  test(`parts ${name}`, () => {
    const found = coverage(parts.map(([offset, bytes]) => part(offset, bytes)));
    const texts = found.pieces.map(({ part: { key }, skip }) => (skip ? `${key}+${skip}` : key));
    assert.deepEqual([texts, found.reach], [expected, reach]);
  });
}

test('whatever parts there are, their pieces are the file from its beginning', () => {
  const some = fc.array(fc.tuple(fc.nat(40), fc.nat(20)), { maxLength: 15 });
  fc.assert(
    fc.property(some, (all) => {
      const { pieces, reach } = coverage(all.map(([offset, bytes]) => part(offset, bytes)));
      let at = 0;
      for (const piece of pieces) {
        assert.equal(piece.part.offset + piece.skip, at);
        assert.ok(piece.skip < piece.part.bytes);
        at = piece.part.offset + piece.part.bytes;
      }
      assert.equal(at, reach);
      const next = all.filter(([offset, bytes]) => offset <= reach && offset + bytes > reach);
      assert.deepEqual(next, []);
    }),
  );
});

test('a part ends at an append, is as large as may be, and one append long at least', () => {
  assert.equal(nextPartEnd(0, [], 10), undefined);
  assert.equal(nextPartEnd(0, [4, 8, 12], 10), 8);
  assert.equal(nextPartEnd(8, [30, 31], 10), 30);
  assert.equal(nextPartEnd(8, [12], 10), 12);
});

/** An element whose size has this many bytes. */
function element(id: string, data: Buffer, sizeBytes = 4): Buffer {
  const size = Buffer.alloc(sizeBytes);
  size.writeUIntBE(data.length, 0, Math.min(sizeBytes, 6));
  size[0] = (size[0] ?? 0) | (0x80 >> (sizeBytes - 1));
  return Buffer.concat([Buffer.from(id, 'hex'), size, data]);
}
const UNKNOWN = Buffer.from('01ffffffffffffff', 'hex');
const HEAD = Buffer.concat([
  element('1a45dfa3', Buffer.from('ebml head')),
  Buffer.from('18538067', 'hex'),
  UNKNOWN,
  element('1549a966', Buffer.from('info')),
  element('1654ae6b', Buffer.from('tracks')),
]);
const wholeOf = (name: string, bytes: Buffer) =>
  wholeLength(name, bytes.length, async (at, length) => bytes.subarray(at, at + length));

test('a torn WebM file is whole up to its last whole cluster', async () => {
  const sizes = fc.array(fc.nat(300), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), async (clusters, cut) => {
      const ends = [HEAD.length];
      let file = HEAD;
      for (const size of clusters) {
        file = Buffer.concat([file, element('1f43b675', Buffer.alloc(size, 7), 2 + (size % 3))]);
        ends.push(file.length);
      }
      const length = HEAD.length + (cut % (file.length - HEAD.length + 1));
      const expected = ends.filter((end) => end <= length).at(-1);
      assert.equal(await wholeOf('a.webm', file.subarray(0, length)), expected);
    }),
  );
});

test('bytes that power loss left as zeros are cut', async () => {
  const cluster = element('1f43b675', Buffer.alloc(100, 7));
  const file = Buffer.concat([HEAD, cluster, Buffer.alloc(500)]);
  assert.equal(await wholeOf('a.mkv', file), HEAD.length + cluster.length);
});

test('of a WebM file without a head nothing is whole', async () => {
  for (const length of [0, 3, 8, 20]) {
    assert.equal(await wholeOf('a.webm', HEAD.subarray(0, length)), 0, `${length}`);
  }
  assert.equal(await wholeOf('a.webm', Buffer.alloc(500)), 0);
  assert.equal(await wholeOf('a.webm', Buffer.from('no such file at all')), 0);
});

test('a torn log is whole up to its last line, however long the torn one is', async () => {
  assert.equal(await wholeOf('a.jsonl', Buffer.from('{"a":1}\n{"b":')), 8);
  assert.equal(await wholeOf('a.jsonl', Buffer.from('{"a":1}\n')), 8);
  assert.equal(await wholeOf('a.jsonl', Buffer.from('{"a":1}')), 0);
  const long = Buffer.concat([Buffer.from('{}\n'), Buffer.alloc(200_000, 97)]);
  assert.equal(await wholeOf('a.jsonl', long), 3);
});

test('other files are whole', async () => {
  assert.equal(await wholeOf('a.txt', Buffer.from('abc')), 3);
});

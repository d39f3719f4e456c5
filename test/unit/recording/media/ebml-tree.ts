// Reads a file of EBML for tests: which elements it has, and whether its structure is whole.
import assert from 'node:assert/strict';

export interface Element {
  id: number;
  content: Buffer;
}

const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;

function vint(buffer: Buffer, at: number, keepMarker: boolean): { value: number; next: number } {
  const first = buffer[at];
  assert.ok(first, `no number at ${at}`);
  const bytes = Math.clz32(first) - 23;
  assert.ok(at + bytes <= buffer.length, `a number is cut off at ${at}`);
  let value = keepMarker ? first : first & (0xff >> bytes);
  let ones = (first & (0xff >> bytes)) === 0xff >> bytes;
  for (let index = 1; index < bytes; index++) {
    const byte = buffer[at + index]!;
    ones &&= byte === 0xff;
    value = value * 256 + byte;
  }
  return { value: !keepMarker && ones ? Infinity : value, next: at + bytes };
}

/** @throws AssertionError if an element does not end where its parent does, or before */
export function elements(buffer: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < buffer.length; ) {
    const id = vint(buffer, at, true);
    const size = vint(buffer, id.next, false);
    const end = size.value === Infinity ? buffer.length : size.next + size.value;
    assert.ok(end <= buffer.length, `element ${id.value.toString(16)} ends at ${end}`);
    found.push({ id: id.value, content: buffer.subarray(size.next, end) });
    at = end;
  }
  return found;
}

export interface FileBlock {
  time: number;
  key: boolean;
  frame: Buffer;
}

export interface ReadFile {
  docType: string;
  /** Of the track entry, by id. */
  track: Map<number, Buffer>;
  clusters: FileBlock[][];
}

function one(list: readonly Element[], id: number): Buffer {
  const found = list.filter((each) => each.id === id);
  assert.equal(found.length, 1, `element ${id.toString(16)}`);
  return found[0]!.content;
}

/** A whole file. @throws AssertionError if its structure is not whole, or not as a recording has it */
export function readFile(file: Buffer): ReadFile {
  const top = elements(file);
  assert.deepEqual(
    [...top].map(({ id }) => id),
    [0x1a45dfa3, SEGMENT],
  );
  const segment = elements(one(top, SEGMENT));
  const [, , ...clusters] = segment;
  assert.deepEqual(
    segment.slice(0, 2).map(({ id }) => id),
    [0x1549a966, 0x1654ae6b],
  );
  const entry = elements(one(elements(one(segment, 0x1654ae6b)), 0xae));
  return {
    docType: one(elements(one(top, 0x1a45dfa3)), 0x4282).toString(),
    track: new Map(entry.map(({ id, content }) => [id, content])),
    clusters: clusters.map(({ id, content }) => {
      assert.equal(id, CLUSTER);
      const [timestamp, ...blocks] = elements(content);
      assert.equal(timestamp?.id, 0xe7);
      const time = timestamp.content.readUIntBE(0, timestamp.content.length);
      return blocks.map((block) => {
        assert.equal(block.id, 0xa3);
        assert.equal(block.content[0], 0x81);
        const relative = block.content.readInt16BE(1);
        assert.ok(relative >= 0);
        return {
          time: time + relative,
          key: (block.content[3]! & 0x80) !== 0,
          frame: block.content.subarray(4),
        };
      });
    }),
  };
}

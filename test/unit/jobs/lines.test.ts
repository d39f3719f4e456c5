// Output of programs: lines whole, however it arrives, and none without a bound.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineCutter, Tail } from '../../../server/jobs/lines.ts';

function linesOf(chunks: readonly string[], maxLength = 1_000): string[] {
  const lines: string[] = [];
  const cutter = new LineCutter(maxLength, (line) => lines.push(line));
  for (const chunk of chunks) cutter.add(chunk);
  cutter.end();
  return lines;
}

for (const [chunks, lines] of [
  [['one\ntwo\n'], ['one', 'two']],
  [
    ['o', 'ne\ntw', 'o'],
    ['one', 'two'],
  ],
  [['frame=1\rframe=2\rdone\n'], ['frame=1', 'frame=2', 'done']],
  [['one\r\ntwo'], ['one', 'two']],
  [[], []],
  [['', '\n\n'], []],
] as const) {
  test(`${JSON.stringify(chunks)} are the lines ${JSON.stringify(lines)}`, () => {
    assert.deepEqual(linesOf(chunks), lines);
  });
}

test('a line without an end is cut, and what follows it is whole', () => {
  assert.deepEqual(linesOf(['abc', 'def', 'ghi\nnext'], 4), ['abcd', 'next']);
});

test('wherever the output is cut into chunks, its lines are the same', () => {
  const line = fc.string({ minLength: 1 }).filter((text) => !/[\r\n]/.test(text));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.array(fc.nat(50)), (lines, sizes) => {
      const text = `${lines.join('\n')}\n`;
      const chunks: string[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(text.slice(at, at + size));
        at += size;
      }
      chunks.push(text.slice(at));
      assert.deepEqual(linesOf(chunks), lines);
    }),
  );
});

test('of many lines the last that fit are kept, and the last one always', () => {
  const tail = new Tail(10);
  for (const line of ['one', 'two', 'three']) tail.add(line);
  assert.deepEqual(tail.lines, ['two', 'three']);
  tail.add('a line that is longer');
  assert.deepEqual(tail.lines, ['a line that is longer']);
});

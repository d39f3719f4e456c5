// Parts of objects by RFC 9110: what is asked for, what is not there, and what was not understood.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Conditions,
  httpDate,
  type Part,
  partOf,
} from '../../../../server/api/recordings/ranges.ts';

const object = { bytes: 1_000, modifiedAt: Date.UTC(2026, 10, 28, 18, 45, 12, 345), etag: '"abc"' };
const WHOLE: Part = { status: 200 };
const NOT_THERE: Part = { status: 416 };
const part = (first: number, last: number): Part => ({ status: 206, first, last });

const RANGES: readonly [range: string | undefined, expected: Part][] = [
  [undefined, WHOLE],
  ['bytes=0-0', part(0, 0)],
  ['bytes=0-', part(0, 999)],
  ['bytes=0-999', part(0, 999)],
  ['bytes=0-5000', part(0, 999)],
  ['bytes=500-', part(500, 999)],
  ['bytes=999-', part(999, 999)],
  ['bytes=-1', part(999, 999)],
  ['bytes=-1000', part(0, 999)],
  ['bytes=-5000', part(0, 999)],
  ['BYTES=1-2', part(1, 2)],
  ['bytes= 1-2 ', part(1, 2)],
  ['bytes=0-99999999999999999999999', part(0, 999)],
  ['bytes=1000-', NOT_THERE],
  ['bytes=1000-1001', NOT_THERE],
  ['bytes=99999999999999999999999-', NOT_THERE],
  ['bytes=-0', NOT_THERE],
  // What is not one range is ignored.
  ['bytes=2-1', WHOLE],
  ['bytes=-', WHOLE],
  ['bytes=', WHOLE],
  ['bytes=a-b', WHOLE],
  ['bytes=0x1-2', WHOLE],
  ['bytes=1.5-2', WHOLE],
  ['bytes=--1', WHOLE],
  ['bytes=0-1,5-6', WHOLE],
  ['items=0-1', WHOLE],
  ['bytes 0-1', WHOLE],
  ['', WHOLE],
];
for (const [range, expected] of RANGES) {
  test(`Range: ${range}`, () => assert.deepEqual(partOf('GET', { range }, object), expected));
}

const DATE = httpDate(object.modifiedAt);
const CONDITIONS: readonly [asked: Conditions, expected: Part][] = [
  [{ range: 'bytes=1-2', 'if-range': '"abc"' }, part(1, 2)],
  [{ range: 'bytes=1-2', 'if-range': DATE }, part(1, 2)],
  [{ range: 'bytes=1-2', 'if-range': '"abd"' }, WHOLE],
  [{ range: 'bytes=1-2', 'if-range': 'W/"abc"' }, WHOLE],
  [{ range: 'bytes=1-2', 'if-range': httpDate(object.modifiedAt + 1_000) }, WHOLE],
  [{ 'if-none-match': '"abc"' }, { status: 304 }],
  [{ 'if-none-match': '"x", W/"abc"' }, { status: 304 }],
  [{ 'if-none-match': '*', range: 'bytes=1-2' }, { status: 304 }],
  [{ 'if-none-match': '"x"', 'if-modified-since': DATE }, WHOLE],
  [{ 'if-modified-since': DATE }, { status: 304 }],
  [{ 'if-modified-since': httpDate(object.modifiedAt - 1_000) }, WHOLE],
  [{ 'if-modified-since': 'yesterday' }, WHOLE],
  [{ 'if-match': '"abc"', range: 'bytes=1-2' }, part(1, 2)],
  [{ 'if-match': '"x"' }, { status: 412 }],
  [{ 'if-match': 'W/"abc"' }, { status: 412 }],
];
for (const [asked, expected] of CONDITIONS) {
  test(JSON.stringify(asked), () => assert.deepEqual(partOf('GET', asked, object), expected));
}

test('HEAD is told of the whole', () =>
  assert.deepEqual(partOf('HEAD', { range: 'bytes=1-2' }, object), WHOLE));

test('of an empty object no part is there', () => {
  for (const range of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) {
    assert.deepEqual(partOf('GET', { range }, { ...object, bytes: 0 }), NOT_THERE);
  }
});

test('any range is that slice of the object', () => {
  const numbers = fc.option(fc.nat(2_000), { nil: undefined });
  fc.assert(
    fc.property(fc.nat(1_500), numbers, numbers, (bytes, from, to) => {
      const found = partOf(
        'GET',
        { range: `bytes=${from ?? ''}-${to ?? ''}` },
        { ...object, bytes },
      );
      const all = Array.from({ length: bytes }, (_, at) => at);
      const isRange =
        (from ?? to) !== undefined && !(from !== undefined && to !== undefined && to < from);
      if (!isRange) return assert.deepEqual(found, WHOLE);
      const slice =
        from === undefined
          ? to === 0
            ? []
            : all.slice(-(to ?? 0))
          : all.slice(from, (to ?? bytes) + 1);
      if (slice.length === 0) return assert.deepEqual(found, NOT_THERE);
      assert.deepEqual(found, part(slice[0] ?? -1, slice.at(-1) ?? -1));
    }),
    { numRuns: 1_000 },
  );
});

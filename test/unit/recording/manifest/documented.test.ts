// docs/recording.md describes each line of the manifest, with the fields that it has.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  GAP_REASONS,
  MANIFEST_LINES,
  SEGMENT_ENDS,
} from '../../../../server/recording/manifest/lines.ts';

const PAGE = readFileSync(
  path.resolve(import.meta.dirname, '../../../../docs/recording.md'),
  'utf8',
);
const ROWS = new Map(
  [...PAGE.matchAll(/^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|(.*)\|$/gm)].map(
    ([, type = '', fields = '', about = '']) => [
      type,
      { fields: [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => field), about },
    ],
  ),
);

test('every type of line is described, and nothing else', () => {
  assert.deepEqual([...ROWS.keys()], Object.keys(MANIFEST_LINES));
});

for (const [type, { entries }] of Object.entries(MANIFEST_LINES)) {
  test(`the fields of ${type} are those that it has`, () => {
    const fields = Object.keys(entries).filter((name) => name !== 'type' && name !== 'at');
    assert.deepEqual(ROWS.get(type)?.fields, fields);
  });
}

test('the reasons of ends and gaps are listed', () => {
  const named = (type: string) =>
    [...(ROWS.get(type)?.about ?? '').matchAll(/`(\w+)`/g)]
      .map(([, word]) => word)
      .filter((word) => word !== 'why');
  assert.deepEqual(named('end'), SEGMENT_ENDS);
  assert.deepEqual(named('gap'), GAP_REASONS);
});

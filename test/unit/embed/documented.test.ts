// docs/embedding.md names what there is, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ATTRIBUTES } from '../../../client/embed/attributes.ts';
import { EMBED_COMMANDS } from '../../../shared/embed/commands.ts';
import { EMBED_EVENTS } from '../../../shared/embed/events.ts';
import { EMBED_BUTTONS, EMBED_LANGUAGES } from '../../../shared/embed/options.ts';
import { readDoc, rowsOf } from '../../support/embed/examples.ts';

const page = readDoc('embedding.md');

const TABLES: Readonly<Record<string, readonly string[]>> = {
  attribute: ATTRIBUTES,
  button: EMBED_BUTTONS,
  event: ['ready', 'error', ...Object.keys(EMBED_EVENTS)],
};

for (const [head, known] of Object.entries(TABLES)) {
  test(`the table of each ${head} is complete`, () => {
    assert.deepEqual(rowsOf(page, head).sort(), [...known].sort());
  });
}

test('the table of each command is complete', () => {
  const named = rowsOf(page, 'command').map((call) => call.replace(/\(.*/, ''));
  assert.deepEqual(named.sort(), Object.keys(EMBED_COMMANDS).sort());
});

test('the languages are those that the page names', () => {
  const [, named = ''] = /\| `language` \| [^|]*It knows ([^|]*)\. \|/.exec(page) ?? [];
  assert.deepEqual(
    named.split(', ').map((word) => word.replaceAll('`', '')),
    [...EMBED_LANGUAGES],
  );
});

// A search finds recordings by room, participant and date, however it is spelt.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matcher } from '../../../../server/recording/catalog/search.ts';
import { THEN } from '../../../support/recording/recordings.ts';

const entry = { room: 'réunion', participants: ['Émile Zola', 'İnci', '山田'], startedAt: THEN };

const FOUND = [
  '',
  '  ',
  'reunion',
  'RÉUN',
  'emile',
  'ÉMILE zola',
  'inci',
  '山田',
  '2026-11-28',
  '18:45',
  '28.11.2026',
  '11/28/2026',
  'November 2026',
  '28 november',
  'emile 2026-11',
];
const NOT_FOUND = ['emila', 'réunion bob', '2026-11-29', 'december', '.*', '18:46'];

for (const query of FOUND) {
  test(`"${query}" finds it`, () => assert.ok(matcher(query)(entry)));
}
for (const query of NOT_FOUND) {
  test(`"${query}" does not find it`, () => assert.ok(!matcher(query)(entry)));
}

test('each name finds itself, in any case and with or without accents', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (name) => {
      for (const query of [name, name.toUpperCase(), name.normalize('NFD')]) {
        assert.ok(matcher(query)({ ...entry, participants: [name, name.toUpperCase()] }));
      }
    }),
  );
});

// Names and chat that people type, paste or forge: what is taken, what is cleaned, what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../../shared/protocol/limits.ts';
import {
  cleanDisplayName,
  cleanRoomName,
  isChatText,
  isDisplayName,
  isRoomName,
  isSameRoomName,
} from '../../../shared/protocol/text.ts';

const FAMILY = '👨‍👩‍👧‍👦';
/** Any UTF-16, lone surrogates and all, with the characters that matter more often than chance. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('\u202e', '\u200d', '\u200b', '\ud83d', '\u0000', ' ', 'a', FAMILY, '\u0301'),
  ),
  maxLength: 200,
});

const NAMES: readonly [string, boolean, string][] = [
  ['Ada', true, 'plain'],
  ['Ada Lovelace', true, 'a space inside'],
  ['О́льга 李 أحمد', true, 'other scripts'],
  [`Ada ${FAMILY}`, true, 'emoji joined by zero-width joiners'],
  ['می‌خواهم', true, 'Persian, which needs the zero-width non-joiner'],
  ['❤️', true, 'a variation selector'],
  ['a'.repeat(64), true, 'as long as allowed'],
  ['a'.repeat(65), false, 'one more'],
  ['a'.repeat(10_000), false, 'ten thousand'],
  ['', false, 'nothing'],
  [' Ada', false, 'a blank before'],
  ['Ada\u00a0', false, 'a no-break space after'],
  ['   ', false, 'blanks only'],
  ['\u200b\u200b', false, 'zero-width spaces only'],
  ['\u200d', false, 'a joiner that joins nothing'],
  ['Ada\u0000', false, 'NUL'],
  ['Ada\nhost', false, 'a line break'],
  ['Ada\u2028host', false, 'a line separator'],
  ['Ada\u0085host', false, 'the C1 line break'],
  ['\u202etsoh', false, 'right-to-left override'],
  ['\u2066Ada\u2069', false, 'bidi isolates'],
  ['Ada\u200f', false, 'a right-to-left mark'],
  ['A\u200bda', false, 'a zero-width space inside'],
  ['A\u2060da', false, 'a word joiner'],
  ['\ufeffAda', false, 'a byte order mark'],
  ['Ada\u{e0041}', false, 'a tag character'],
  ['Ada\ud83d', false, 'half a surrogate pair'],
  ['A\u00adda', false, 'a soft hyphen, invisible inside a name'],
  ['\u3164', false, 'a Hangul filler: a letter that shows nothing'],
  ['Ada\u3164', false, 'a Hangul filler after a name'],
  ['\u115f\u1160', false, 'conjoining Hangul fillers'],
  ['\uffa0', false, 'the half-width Hangul filler'],
  ['\u2800', false, 'an empty Braille cell'],
  ['Ada\u180e', false, 'the Mongolian vowel separator'],
];

test('a display name is visible text that can pass for nobody else', () => {
  for (const [name, valid, why] of NAMES) {
    assert.equal(isDisplayName(name), valid, `${why}: ${JSON.stringify(name).slice(0, 80)}`);
  }
});

test('whatever is pasted as a name becomes a valid one, or nothing', () => {
  fc.assert(
    fc.property(anyText, (pasted) => {
      const name = cleanDisplayName(pasted);
      assert.ok(name === '' || isDisplayName(name), JSON.stringify(name));
    }),
    { numRuns: 2_000 },
  );
});

test('a name that is valid and composed is not changed by cleaning', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const name = cleanDisplayName(text);
      assert.equal(cleanDisplayName(name), name);
    }),
  );
});

test('a letter and its accent end up as one, whatever was hidden between them', () => {
  assert.equal(cleanDisplayName('Jose\u202e\u0301'), 'Jos\u00e9');
});

test('cleaning keeps what can be read', () => {
  const cases = [
    ['  Ada \t Lovelace\n', 'Ada Lovelace'],
    ['\u202eAda', 'Ada'],
    ['Ada\u3164', 'Ada'],
    ['a'.repeat(10_000), 'a'.repeat(64)],
    [`${'a'.repeat(63)}😀`, 'a'.repeat(63)],
    ['\u200b', ''],
    ['', ''],
  ] as const;
  for (const [pasted, name] of cases) assert.equal(cleanDisplayName(pasted), name);
});

test('a room name fits an address, a log line and a store key', () => {
  for (const room of [
    'a',
    '0',
    'team-standup',
    'a_b-c',
    'é',
    '会議室',
    'команда-5',
    'गेम',
    '٥',
    'x'.repeat(LIMITS.roomNameLength),
  ]) {
    assert.ok(isRoomName(room), room);
  }
  const refused = [
    '',
    '-a',
    '_a',
    'A',
    'a b',
    'a/b',
    '..',
    'É',
    'e\u0301',
    'a\n',
    'a\u200b',
    'a\u200d',
    'a\ufe0f',
    '\u3164',
    'Команда',
    '５',
    '{a}',
    'a%2f',
    '\u202ea',
  ];
  for (const room of [...refused, 'x'.repeat(LIMITS.roomNameLength + 1)]) {
    assert.ok(!isRoomName(room), JSON.stringify(room));
  }
});

test('whatever is typed as a room name becomes a valid one, or nothing', () => {
  assert.equal(cleanRoomName('Équipe Süd: Montag!'), 'équipe-süd-montag');
  assert.equal(cleanRoomName('???'), '');
  fc.assert(
    fc.property(anyText, (typed) => {
      const room = cleanRoomName(typed);
      assert.ok(room === '' || isRoomName(room), JSON.stringify(room));
      assert.equal(cleanRoomName(room), room);
    }),
    { numRuns: 2_000 },
  );
});

test('a chat message is text that somebody can read, of several lines if need be', () => {
  for (const text of ['hello', 'two\nlines\tand a tab', FAMILY, 'a'.repeat(2_000)]) {
    assert.ok(isChatText(text), text.slice(0, 40));
  }
  for (const text of ['', ' \n ', '\u200b', 'a\u0000', 'bell\u0007', '\ud800', 'a'.repeat(2_001)]) {
    assert.ok(!isChatText(text), JSON.stringify(text.slice(0, 40)));
  }
});

test('rooms of different names are different rooms, in any script', () => {
  const pairs = [
    ['Команда 5', 'Отдел 5'],
    ['会議室', '事務室'],
    ['Café', 'Cafe'],
    ['Süd', 'Sud'],
    ['한국', '한글'],
  ] as const;
  for (const [one, other] of pairs) {
    for (const name of [one, other]) {
      assert.ok(isSameRoomName(name, cleanRoomName(name)), name);
    }
    assert.notEqual(cleanRoomName(one), cleanRoomName(other));
  }
  // The same name, however it is typed.
  assert.equal(cleanRoomName('TEAM  Blue'), 'team-blue');
  assert.equal(cleanRoomName('e\u0301t\u00e9'), cleanRoomName('\u00e9te\u0301'));
});

test('a name that would lose something is never taken without a word', () => {
  for (const name of ['C++', 'C#', '_a', '-a', 'a/b', '😀', 'a'.repeat(65), '', ' ', '!']) {
    assert.ok(!isSameRoomName(name, cleanRoomName(name)), name);
  }
  fc.assert(
    fc.property(anyText, anyText, (one, other) => {
      const [a, b] = [cleanRoomName(one), cleanRoomName(other)];
      if (!isSameRoomName(one, a) || !isSameRoomName(other, b) || a !== b) return;
      // Who meets has typed the same but for case, spaces, and ways to write the same letters.
      const plain = (text: string) =>
        text
          .normalize('NFKC')
          .toLowerCase()
          .normalize('NFKC')
          .replace(/[\s-]+|\p{DI}/gu, '');
      assert.equal(plain(one), plain(other));
    }),
    { numRuns: 2_000 },
  );
});

// Chat: links, groups, and what counts as unread.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { linkify } from '../../../client/ui/chat/linkify.ts';
import { groupMessages, newMessages, unreadLabel } from '../../../client/ui/chat/messages.ts';
import type { ChatMessage } from '../../../shared/room/room.ts';

describe('linkify', () => {
  const cases: [text: string, links: string[]][] = [
    ['no link here', []],
    ['https://example.org', ['https://example.org']],
    ['see https://example.org/a?b=c#d now', ['https://example.org/a?b=c#d']],
    ['(https://example.org/a)', ['https://example.org/a']],
    ['https://example.org/a_(b)', ['https://example.org/a_(b)']],
    [
      'Look: https://example.org/a, and http://example.net.',
      ['https://example.org/a', 'http://example.net'],
    ],
    ['“https://example.org”', ['https://example.org']],
    ['HTTPS://EXAMPLE.ORG/X', ['HTTPS://EXAMPLE.ORG/X']],
    ['javascript:alert(1)', []],
    ['data:text/html,x', []],
    ['https://', []],
    ['https://[', []],
    ['https://bank.example@evil.example/', []],
    ['ahttps://example.org', []],
    ['<https://example.org>', ['https://example.org']],
  ];
  for (const [text, links] of cases) {
    test(text, () => {
      const found = linkify(text).filter(({ href }) => href !== undefined);
      assert.deepEqual(
        found.map((part) => part.text),
        links,
      );
    });
  }

  test('bidi and invisible characters cannot disguise where a link leads', () => {
    for (const mark of ['\u202e', '\u2066', '\u200f', '\u061c', '\u200b', '\u2060', '\u{e0041}']) {
      const parts = linkify(`see https://example.org/${mark}gpj.exe`);
      assert.equal(parts.find(({ href }) => href !== undefined)?.text, 'https://example.org/');
    }
  });

  test('a host of letters that can be mistaken is shown as the network knows it', () => {
    const [link] = linkify('https://аpple.com/x');
    assert.ok(link?.href !== undefined);
    assert.equal(link.realHost, 'xn--pple-43d.com');
    const [plain] = linkify('https://apple.com/x');
    assert.ok(plain?.href !== undefined);
    assert.equal(plain.realHost, undefined);
  });

  test('a row of a million brackets is read at once: its square would take an hour', () => {
    const [link, rest] = linkify(`https://example.org/${')'.repeat(1_000_000)}`);
    assert.equal(link?.text, 'https://example.org/');
    assert.equal(rest?.text.length, 1_000_000);
  });

  test('joined together, the parts are the text; every link is http or https', () => {
    const pieces = fc.constantFrom(
      'https://',
      'http://',
      'a.b',
      '/',
      ')',
      '(',
      ' ',
      '.',
      'javascript:',
      '@',
      '"',
      '\n',
      '%',
      'ü',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (words) => {
        const text = words.join('');
        const parts = linkify(text);
        assert.equal(parts.map((part) => part.text).join(''), text);
        for (const { href } of parts) {
          if (href !== undefined) assert.match(href, /^https?:\/\//);
        }
      }),
    );
  });
});

const MINUTE = 60_000;

function message(id: string, participantId: string, minute: number): ChatMessage {
  return {
    id,
    participantId,
    name: participantId.toUpperCase(),
    text: id,
    sentAt: minute * MINUTE,
  };
}

describe('groupMessages', () => {
  test('one name for what somebody says in a row', () => {
    const chat = [
      message('1', 'ann', 0),
      message('2', 'ann', 1),
      message('3', 'bo', 1),
      message('4', 'ann', 2),
      message('5', 'ann', 9),
    ];
    assert.deepEqual(
      groupMessages(chat).map(({ id, messages }) => [id, messages.length]),
      [
        ['1', 2],
        ['3', 1],
        ['4', 1],
        ['5', 1],
      ],
    );
  });

  test('the same person under another name is another group', () => {
    const chat = [message('1', 'ann', 0), { ...message('2', 'ann', 0), name: 'Anna' }];
    assert.equal(groupMessages(chat).length, 2);
  });
});

describe('newMessages', () => {
  const chat = [message('1', 'ann', 0), message('2', 'me', 0), message('3', 'bo', 0)];
  const cases: [why: string, seen: string | undefined, expected: string[]][] = [
    ['all are new where none was seen', undefined, ['1', '3']],
    ['those after the last seen, without the own ones', '1', ['3']],
    ['none after the last', '3', []],
    ['all, where the last seen is out of the history', 'older', ['1', '3']],
  ];
  for (const [why, seen, expected] of cases) {
    test(why, () => {
      assert.deepEqual(
        newMessages(chat, seen, 'me').map(({ id }) => id),
        expected,
      );
    });
  }
});

test('unreadLabel stays short', () => {
  assert.deepEqual([1, 99, 100].map(unreadLabel), ['1', '99', '99+']);
});

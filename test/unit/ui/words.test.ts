// What the page says and understands: addresses, names, tokens, shortcuts, the state of the call.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { roomLink, routeOf, tokenOf } from '../../../client/ui/address.ts';
import { describeChanges } from '../../../client/ui/call/changes.ts';
import { statusLine } from '../../../client/ui/call/connection-text.ts';
import { suggestRoomName } from '../../../client/ui/home/room-names.ts';
import { hueOf, initials } from '../../../client/ui/kit/participant-look.ts';
import { actionFor, type KeyPress } from '../../../client/ui/kit/shortcuts.ts';
import { sharingSummary } from '../../../client/ui/prejoin/sharing.ts';
import { remedyFor } from '../../../client/ui/room/join-error.ts';
import { readToken } from '../../../client/ui/room/token.ts';
import { ERROR_CODES, ParleyError } from '../../../shared/errors.ts';
import { isRoomName } from '../../../shared/protocol/text.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';

describe('routeOf', () => {
  const room = (name: string, relayOnly = false) => ({ page: 'room', room: name, relayOnly });
  const cases: [path: string, route: object][] = [
    ['/', { page: 'home' }],
    ['/?utm=x', { page: 'home' }],
    ['/r/', { page: 'home' }],
    ['/r/blue', room('blue')],
    ['/r/blue/', room('blue')],
    ['/r/blue?relay=1', room('blue', true)],
    ['/r/blue?relay=0', room('blue')],
    ['/r/blue#token=x', room('blue')],
    ['/r/Blue%20Room', { page: 'bad-room', given: 'Blue Room', suggestion: 'blue-room' }],
    ['/r/%E4%BC%9A%E8%AD%B0%E5%AE%A4', room('会議室')],
    ['/r/%D0%BA%D0%BE%D0%BC%D0%B0%D0%BD%D0%B4%D0%B0-5', room('команда-5')],
    ['/r/a/b', { page: 'bad-room', given: 'a/b', suggestion: 'a-b' }],
    ['/r/%E0%A4%A', { page: 'bad-room', given: '%E0%A4%A', suggestion: 'e0-a4-a' }],
    ['/r/%F0%9F%98%80', { page: 'bad-room', given: '😀', suggestion: '' }],
    ['/recordings', { page: 'recordings', room: undefined }],
    ['/recordings/blue?recording=x', { page: 'recordings', room: 'blue' }],
    ['/recordings/Blue%20Room', { page: 'bad-room', given: 'Blue Room', suggestion: 'blue-room' }],
    ['/nothing', { page: 'unknown' }],
  ];
  for (const [path, route] of cases) {
    test(path, () => {
      assert.deepEqual(routeOf(new URL(path, 'https://call.example')), route);
    });
  }

  test('every valid room name has an address that leads to it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/), (name) => {
        const url = new URL(roomLink('https://call.example', name));
        assert.deepEqual(routeOf(url), room(name));
      }),
    );
  });
});

test('the token is taken from the fragment alone', () => {
  const token = (address: string) => tokenOf(new URL(address, 'https://call.example'));
  assert.equal(token('/r/blue#token=a.b-c_d'), 'a.b-c_d');
  assert.equal(token('/r/blue#x=1&token=abc'), 'abc');
  assert.equal(token('/r/blue?token=abc'), undefined);
  assert.equal(token('/r/blue#token='), undefined);
});

describe('readToken', () => {
  const jwt = (claims: unknown) =>
    `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
  test('knows the role and the name', () => {
    assert.deepEqual(readToken(jwt({ role: 'viewer', name: 'Zoë 你好', exp: 1 })), {
      role: 'viewer',
      name: 'Zoë 你好',
    });
  });
  const broken = ['', 'x', 'a.b.c', 'a.%%%.c', jwt(null), jwt('x'), jwt({ role: 'king', name: 7 })];
  for (const token of [...broken, undefined]) {
    test(`makes nothing of ${JSON.stringify(token)}`, () => {
      assert.deepEqual(readToken(token), {});
    });
  }
});

describe('suggestRoomName', () => {
  test('is always a room name, and seldom the same', () => {
    const names = new Set(Array.from({ length: 200 }, () => suggestRoomName()));
    for (const name of names) assert.ok(isRoomName(name), name);
    assert.ok(names.size > 190);
  });
  test('uses its whole lists and no more', () => {
    assert.equal(
      suggestRoomName(() => 0),
      'amber-alpine-badger',
    );
    assert.match(
      suggestRoomName(() => 1 - Number.EPSILON),
      /^young-\w+-zebra$/,
    );
  });
});

describe('initials', () => {
  const cases: [name: string, expected: string][] = [
    ['Ann', 'A'],
    ['ann lee', 'AL'],
    ['Ana María de la Cruz', 'AC'],
    ['jean-luc', 'JL'],
    ['(guest) Bo', 'GB'],
    ['👩‍💻 Kim', '👩‍💻K'],
    ['王小明', '王'],
    ['!!!', '!'],
    ['ß', 'SS'],
  ];
  for (const [name, expected] of cases) {
    test(name, () => assert.equal(initials(name), expected));
  }
});

test('a hue belongs to an id, and ids spread over the hues', () => {
  const hues = new Set(Array.from({ length: 200 }, (_, index) => hueOf(`participant-${index}`)));
  assert.ok(hues.size >= 8);
  assert.equal(hueOf('abc'), hueOf('abc'));
});

describe('actionFor', () => {
  const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
    key,
    code: '',
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    repeat: false,
    isComposing: false,
    ...more,
  });
  test('one key, one action', () => {
    assert.equal(actionFor(press('m'), false), 'microphone');
    assert.equal(actionFor(press('V'), false), 'camera');
    assert.equal(actionFor(press('c'), false), 'chat');
    assert.equal(actionFor(press('s'), false), 'statistics');
    assert.equal(actionFor(press('?'), false), 'shortcuts');
    assert.equal(actionFor(press('x'), false), undefined);
  });
  const LAYOUTS: readonly [
    layout: string,
    key: string,
    code: string,
    action: string | undefined,
  ][] = [
    ['Cyrillic', 'ь', 'KeyM', 'microphone'],
    ['Cyrillic, shifted', 'Ь', 'KeyM', 'microphone'],
    ['Greek', 'μ', 'KeyM', 'microphone'],
    ['Hebrew', 'צ', 'KeyM', 'microphone'],
    ['Arabic', 'ة', 'KeyM', 'microphone'],
    ['Devanagari, a vowel sign', '्', 'KeyS', 'statistics'],
    ['Thai', 'แ', 'KeyC', 'chat'],
    ['Japanese kana', 'も', 'KeyM', 'microphone'],
    ['Cyrillic, another key', 'ж', 'Semicolon', undefined],
    ['fullwidth Latin', 'ｍ', 'KeyM', 'microphone'],
    ['AZERTY, whose M is elsewhere', 'm', 'Semicolon', 'microphone'],
    ['AZERTY, a comma where M would be', ',', 'KeyM', undefined],
    ['Dvorak, V where it stands', 'v', 'Period', 'camera'],
    ['Dvorak, K where V would be', 'k', 'KeyV', undefined],
    ['a dead key', 'Dead', 'KeyM', undefined],
  ];
  for (const [layout, key, code, action] of LAYOUTS) {
    test(`M, V, C, S on any layout: ${layout}`, () => {
      assert.equal(actionFor(press(key, { code }), false), action);
    });
  }
  test('not while typing, nor with a modifier, nor repeated', () => {
    assert.equal(actionFor(press('m'), true), undefined);
    for (const more of ['ctrlKey', 'metaKey', 'altKey', 'repeat', 'isComposing']) {
      assert.equal(actionFor(press('m', { [more]: true }), false), undefined, more);
    }
  });
});

describe('statusLine', () => {
  const online = { relayOnly: false, offline: false };
  test('says that people can still hear us only where it is true', () => {
    const text = (mediaFlowing: boolean, offline = false) =>
      statusLine({ state: 'reconnecting', since: 0, mediaFlowing }, { ...online, offline }).text;
    assert.match(text(true), /people can still hear you/);
    assert.doesNotMatch(text(false), /hear/);
    assert.match(text(true, true), /No network/);
  });
  test('is calm while all is well, and names a relay', () => {
    assert.deepEqual(statusLine({ state: 'connected' }, online), {
      tone: 'calm',
      text: 'Connected',
    });
    assert.match(statusLine({ state: 'connected' }, { ...online, relayOnly: true }).text, /relay/);
    const recovering = statusLine({ state: 'recovering-media', since: 0 }, online);
    assert.equal(recovering.tone, 'warning');
    const ended = { state: 'ended', error: new ParleyError('removed') } as const;
    assert.equal(statusLine(ended, online).text, 'The call has ended');
  });
});

test('every error has a remedy; what a new link must mend is not tried again', () => {
  for (const code of ERROR_CODES) assert.ok(remedyFor(code));
  assert.equal(remedyFor('token_expired'), 'none');
  assert.equal(remedyFor('unsupported_version'), 'reload');
  assert.equal(remedyFor('room_full'), 'retry');
});

test('sharingSummary is never wrong about what is shared', () => {
  for (const microphone of [true, false]) {
    for (const camera of [true, false]) {
      const text = sharingSummary({ microphone, camera });
      assert.equal(/not hear|neither/.test(text), !microphone, text);
      assert.equal(/not see|neither/.test(text), !camera, text);
    }
  }
});

describe('describeChanges', () => {
  const room = (...names: string[]): RoomSnapshot => ({
    room: 'blue',
    version: 1,
    participants: names.map((name) => ({
      id: name,
      name,
      role: 'guest',
      joinedAt: 0,
      online: true,
    })),
    tracks: [],
    chat: [],
  });
  const cases: [before: string[], after: string[], sentences: string[]][] = [
    [['Me'], ['Me', 'Ann'], ['Ann joined.']],
    [['Me', 'Ann', 'Bo'], ['Me'], ['Ann and Bo left.']],
    [['Me'], ['Me', 'Ann', 'Bo', 'Cy'], ['Ann and 2 others joined.']],
    [
      ['Me', 'Ann'],
      ['Me', 'Bo'],
      ['Bo joined.', 'Ann left.'],
    ],
    [['Ann'], ['Ann', 'Me'], []],
  ];
  for (const [before, after, sentences] of cases) {
    test(`${before} → ${after}`, () => {
      assert.deepEqual(describeChanges(room(...before), room(...after), 'Me'), sentences);
    });
  }
  test('a screen that somebody shares', () => {
    const before = room('Me', 'Ann');
    const track = {
      id: 't',
      participantId: 'Ann',
      kind: 'video',
      source: 'screen',
      muted: false,
    } as const;
    assert.deepEqual(describeChanges(before, { ...before, tracks: [track] }, 'Me'), [
      'Ann shares a screen.',
    ]);
    assert.deepEqual(describeChanges(before, { ...before, tracks: [track] }, 'Ann'), []);
  });
});

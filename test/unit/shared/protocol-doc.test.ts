// docs/protocol.md is what somebody writes a client by: it has to say all of the protocol, and no more.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERROR_CODES, ERROR_MESSAGES } from '../../../shared/errors.ts';
import { CHECK_STREAMS, CheckPath } from '../../../shared/protocol/check-messages.ts';
import { Consumer } from '../../../shared/protocol/consumers.ts';
import { LIMITS } from '../../../shared/protocol/limits.ts';
import {
  MediaOffer,
  PathReport,
  Preference,
  TransportDescription,
  TurnRefusal,
} from '../../../shared/protocol/media-messages.ts';
import {
  CLOSE_CODES,
  EVENTS,
  METHODS,
  type MethodName,
  SIGNALING_PATH,
  SUBPROTOCOL,
} from '../../../shared/protocol/protocol.ts';
import { RoomOp } from '../../../shared/room/operations.ts';
import { ChatMessage, Participant, Role, RoomSnapshot, Track } from '../../../shared/room/room.ts';
import { below, fieldsOf, sections } from '../../support/server/protocol-doc.ts';

const markdown = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const all = sections(markdown);

function section(title: string) {
  const found = all.get(title);
  assert.ok(found, `docs/protocol.md has no section "${title}"`);
  return found;
}

/** Answers that are a named type are said to be one; the others have a table of their own. */
const NAMED_ANSWERS: Partial<Record<MethodName, string>> = { snapshot: 'RoomSnapshot' };

test('every request is described, and nothing else', () => {
  assert.deepEqual(below(all, 'Requests'), Object.keys(METHODS));
});

test('every event is described, and nothing else', () => {
  assert.deepEqual(below(all, 'Events').sort(), Object.keys(EVENTS).sort());
});

for (const [name, { params, result }] of Object.entries(METHODS)) {
  test(`the fields of ${name} are described, both ways`, () => {
    const { tables, text } = section(`Requests › ${name}`);
    const asked = fieldsOf(params);
    const answered = fieldsOf(result);
    const answer = NAMED_ANSWERS[name as MethodName];
    if (asked.length === 0) assert.match(text, /No fields\./);
    if (answer) assert.match(text, new RegExp(`Answer: a ${answer}`));
    const expected = [asked, answer ? [] : answered].filter((fields) => fields.length > 0);
    assert.deepEqual(tables, expected);
  });
}

for (const [name, schema] of Object.entries(EVENTS)) {
  test(`the fields of the event ${name} are described`, () => {
    assert.deepEqual(section(`Events › ${name}`).tables, [fieldsOf(schema)]);
  });
}

test('what an optional field is shows in its type', () => {
  for (const [name, { params }] of Object.entries(METHODS)) {
    const entries: Record<string, { type: string }> = params.entries;
    for (const [field, schema] of Object.entries(entries)) {
      const row = new RegExp(`^\\| \`${field}\` \\| ([^|]*) \\|`, 'm').exec(
        section(`Requests › ${name}`).text,
      );
      const isOptional = schema.type === 'exact_optional';
      assert.equal(row?.[1]?.endsWith('?'), isOptional, `${name}: ${field}`);
    }
  }
});

const TYPES = {
  PathReport,
  TurnRefusal,
  Participant,
  Track,
  ChatMessage,
  RoomSnapshot,
  Consumer,
  TransportDescription,
  CheckPath,
};

for (const [name, schema] of Object.entries(TYPES)) {
  test(`the type ${name} lists its fields`, () => {
    const listed = new RegExp(`\\*\\*${name}\\*\\* \`\\{([^}]*)\\}\``).exec(section('Types').text);
    assert.ok(listed, `no **${name}** in the section Types`);
    assert.deepEqual(listed[1]?.split(', '), fieldsOf(schema));
  });
}

test('every operation on a room is listed with its fields', () => {
  const { text } = section('Types');
  for (const option of RoomOp.options) {
    const [, ...fields] = fieldsOf(option);
    const written = `\`{op: "${option.entries.op.literal}", ${fields.join(', ')}}\``;
    assert.ok(text.replace(/\s+/g, ' ').includes(written), `${written} is missing`);
  }
});

test('roles, preferences and the parts of an offer are named', () => {
  for (const role of Role.options) assert.ok(section('Types').text.includes(`\`${role}\``), role);
  for (const field of fieldsOf(Preference)) {
    assert.ok(section('Requests › subscribe').text.includes(`${field}?`), field);
  }
  assert.deepEqual(fieldsOf(MediaOffer), fieldsOf(EVENTS.media));
});

test('a network check has the two channels that are described', () => {
  assert.deepEqual(CHECK_STREAMS, [{ ordered: true }, { ordered: false, maxRetransmits: 0 }]);
  const { text } = section('Network checks');
  assert.match(text, /channel 0 is ordered and reliable/);
  assert.match(text, /channel 1 is unordered without retransmissions/);
});

test('every error is listed with the sentence that people read, and no other', () => {
  const { tables, text } = section('Errors');
  assert.deepEqual(tables, [ERROR_CODES]);
  for (const code of ERROR_CODES) {
    assert.ok(text.includes(`| \`${code}\` | ${ERROR_MESSAGES[code]} |`), code);
  }
});

test('every close code is listed, and no other', () => {
  const codes = Object.values(CLOSE_CODES).map(String);
  assert.deepEqual(section('Close codes').tables, [codes]);
});

test('every limit is listed, and no other', () => {
  assert.deepEqual(section('Limits').tables, [Object.keys(LIMITS)]);
});

test('the handshake names the path and the version', () => {
  const { text } = section('Handshake');
  for (const name of [SIGNALING_PATH, SUBPROTOCOL]) assert.ok(text.includes(`\`${name}\``), name);
});

test('no name in backticks is of something that does not exist', () => {
  const known = new Set<string>([...Object.keys(METHODS), ...Object.keys(EVENTS), ...ERROR_CODES]);
  const isCodeLike = /^[a-z]+(_[a-z]+)+$/;
  for (const [, name = ''] of markdown.matchAll(/`([A-Za-z_]+)`/g)) {
    if (isCodeLike.test(name)) assert.ok(known.has(name), `\`${name}\` is no error code`);
  }
});

// Messages as they are read: what is wrong is named, and what somebody sent is not repeated.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { ERROR_CODES, ERROR_MESSAGES, ParleyError } from '../../../shared/errors.ts';
import { EVENTS, METHODS } from '../../../shared/protocol/protocol.ts';
import {
  errorBody,
  errorFromBody,
  parse,
  parseJson,
  Request,
  toWire,
} from '../../../shared/protocol/rpc.ts';
import { ChatText, DisplayName, RoomName } from '../../../shared/room/room.ts';

const SECRET = 'swordfish-7f3a';

function refusal(action: () => unknown): ParleyError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ParleyError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'it was accepted' });
}

test('a refusal names the field and what it has to be', () => {
  const schema = v.object({ a: v.object({ list: v.array(v.object({ n: v.number() })) }) });
  const error = refusal(() => parse(schema, { a: { list: [{ n: 1 }, { n: SECRET }] } }));
  assert.equal(error.code, 'bad_message');
  assert.equal(error.message, 'Field a.list.1.n: expected number.');
});

test('a field may have an error code of its own', () => {
  assert.equal(refusal(() => parse(RoomName, 'No Such Room')).code, 'invalid_room');
  assert.equal(refusal(() => parse(DisplayName, '\u202e')).code, 'invalid_name');
});

test('a check of ours says in words what it wants', () => {
  const { code, message } = refusal(() => parse(v.object({ text: ChatText }), { text: '\u0007' }));
  assert.equal(code, 'bad_message');
  assert.match(message, /^Field text: .*visible text/);
  assert.doesNotMatch(message, /null|undefined/);
});

test('a refusal never repeats what was sent', () => {
  const schemas = Object.values(METHODS).map(({ params }) => params);
  const leaf = fc.constantFrom(SECRET, [SECRET], { deep: SECRET });
  fc.assert(
    fc.property(
      fc.constantFrom(...schemas, Request, ...Object.values(EVENTS)),
      fc.dictionary(fc.constantFrom('room', 'name', 'token', 'epoch', 'trackId', 'id'), leaf),
      (schema, input) => {
        const result = v.safeParse(schema, input);
        if (result.success) return;
        const { message } = refusal(() => parse(schema, input));
        assert.ok(!message.includes(SECRET), message);
      },
    ),
  );
});

test('what is not JSON, or not an object, is a bad message', () => {
  for (const text of ['', '{', 'undefined', '\u0000', '{"id":1,}', `"${SECRET}`]) {
    const error = refusal(() => parseJson(text));
    assert.equal(error.code, 'bad_message');
    assert.ok(!error.message.includes(SECRET));
  }
  for (const input of [null, 1, 'text', [], true]) {
    assert.equal(refusal(() => parse(Request, input)).code, 'bad_message');
  }
});

test('requests are numbered from 1 with whole numbers', () => {
  for (const id of [0, -1, 1.5, 2 ** 53, Number.NaN, '1', null]) {
    assert.equal(
      refusal(() => parse(Request, { id, method: 'ping', params: {} })).code,
      'bad_message',
    );
  }
  const last = Number.MAX_SAFE_INTEGER;
  assert.equal(parse(Request, { id: last, method: 'ping', params: {} }).id, last);
});

test('fields that JSON cannot carry are absent on the wire', () => {
  const schema = v.object({ a: v.number(), b: v.exactOptional(v.number()) });
  assert.deepEqual(toWire(schema, { a: 1, b: undefined }), { a: 1 });
});

test('an error crosses the wire with its code, sentence and pause, and without its cause', () => {
  const sent = new ParleyError('rate_limited', { retryAfterMs: 250, cause: new Error(SECRET) });
  const text = JSON.stringify(errorBody(sent));
  assert.ok(!text.includes(SECRET));
  const { code, message, retryAfterMs } = errorFromBody(JSON.parse(text));
  assert.deepEqual(
    { code, message, retryAfterMs },
    {
      code: 'rate_limited',
      message: ERROR_MESSAGES.rate_limited,
      retryAfterMs: 250,
    },
  );
});

test('whatever is thrown becomes an error that tells a client nothing of its inside', () => {
  for (const thrown of [new TypeError(SECRET), SECRET, undefined, { code: 'forbidden' }]) {
    const error = ParleyError.from(thrown);
    assert.equal(error.code, 'internal');
    assert.ok(!JSON.stringify(errorBody(error)).includes(SECRET));
  }
});

test('every error has a sentence that a person can act on', () => {
  for (const code of ERROR_CODES) {
    assert.match(ERROR_MESSAGES[code], /^[A-Z].*\.$/s, code);
    // This one quotes the lines that are missing in the configuration of a proxy.
    const most = code === 'proxy_without_upgrade' ? 300 : 120;
    assert.ok(ERROR_MESSAGES[code].length <= most, `${code} is too long to read at a glance`);
  }
});

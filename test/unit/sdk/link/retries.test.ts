// What is said again while the server's store is down, and for how long.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import fc from 'fast-check';
import { retryDelay } from '../../../../client/sdk/link/backoff.ts';
import { Retries } from '../../../../client/sdk/link/retries.ts';
import type { Request } from '../../../../client/sdk/media/media-session.ts';
import { sendChat } from '../../../../client/sdk/session/chat.ts';
import { type ErrorCode, ParleyError } from '../../../../shared/errors.ts';

let now: number;
let answers: (ErrorCode | undefined)[];
let sent: string[];
let refused: string[];

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  now = 0;
  mock.method(performance, 'now', () => now);
  answers = [];
  sent = [];
  refused = [];
});

/** One answer after the other; the last one is repeated. */
async function answer(): Promise<void> {
  const code = answers.length > 1 ? answers.shift() : answers[0];
  if (code) throw new ParleyError(code);
}

async function pass(ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 100) {
    now += 100;
    mock.timers.tick(100);
    await new Promise(setImmediate);
  }
}

const send = (retries: Retries, text: string) =>
  retries.send(
    'mute',
    () => {
      sent.push(text);
      return answer();
    },
    ({ code }) => refused.push(code),
  );

test('a request is repeated until the server takes it, and then no more', async () => {
  const retries = new Retries();
  answers = ['unavailable', 'unavailable', undefined];
  send(retries, 'muted');
  assert.ok(retries.has('mute'));
  await pass(60_000);
  assert.deepEqual([sent.length, refused], [3, []]);
  assert.ok(!retries.has('mute'));
});

test('a rate-limited request is repeated too: the server must not miss a mute', async () => {
  const retries = new Retries();
  answers = ['rate_limited', undefined];
  send(retries, 'muted');
  await pass(60_000);
  assert.deepEqual([sent, refused], [['muted', 'muted'], []]);
});

test('another refusal is reported, and ends it', async () => {
  const retries = new Retries();
  answers = ['unavailable', 'unknown_track'];
  send(retries, 'muted');
  await pass(60_000);
  assert.deepEqual([sent.length, refused], [2, ['unknown_track']]);
});

test('what is newer takes the place of what waits', async () => {
  const retries = new Retries();
  answers = ['unavailable', undefined];
  send(retries, 'muted');
  await pass(100);
  send(retries, 'unmuted');
  await pass(60_000);
  assert.deepEqual(sent, ['muted', 'unmuted']);
});

test('a request that is no longer needed is not sent, and after close none is', async () => {
  const retries = new Retries();
  let isMoot = false;
  answers = ['unavailable'];
  const sendUnlessMoot = () => {
    if (isMoot) return undefined;
    sent.push('muted');
    return answer();
  };
  retries.send('mute', sendUnlessMoot, () => assert.fail());
  await pass(100);
  isMoot = true;
  await pass(60_000);
  assert.deepEqual(sent, ['muted']);
  send(retries, 'again');
  retries.close();
  await pass(60_000);
  send(retries, 'too late');
  assert.deepEqual(sent, ['muted', 'again']);
});

test('a retry never comes sooner than the server asked, and never later than it takes to notice', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 50 }),
      fc.option(fc.nat({ max: 10_000 }), { nil: undefined }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, retryAfterMs, random) => {
        const delay = retryDelay(attempt, retryAfterMs, random);
        assert.ok(delay >= (retryAfterMs ?? 500) && delay >= 500);
        assert.ok(delay <= 1.5 * Math.max(5_000, retryAfterMs ?? 0) + 1);
      },
    ),
  );
});

const ids = new Set<string>();
const request = (async (_method: string, { id }: { id: string }) => {
  ids.add(id);
  sent.push(id);
  return answer();
}) as unknown as Request;

function chat(): { outcome: () => string | undefined } {
  let outcome: string | undefined;
  sendChat('hello', { request, up: async () => {}, assertLive: () => {} }).then(
    () => {
      outcome = 'sent';
    },
    ({ code }) => {
      outcome = code;
    },
  );
  return { outcome: () => outcome };
}

test('a message is sent again under the same id until the store is back', async () => {
  ids.clear();
  answers = [...Array<ErrorCode>(6).fill('unavailable'), undefined];
  const { outcome } = chat();
  await pass(60_000);
  assert.deepEqual([outcome(), ids.size, sent.length], ['sent', 1, 7]);
});

test('its author is not bothered for thirty seconds, and not left waiting for ever', async () => {
  answers = ['unavailable'];
  const { outcome } = chat();
  // The attempt that is made when the time is over is the last one.
  await pass(29_900);
  assert.equal(outcome(), undefined);
  await pass(10_000);
  assert.equal(outcome(), 'unavailable');
});

test('a permanent refusal is reported at once', async () => {
  answers = ['rate_limited'];
  const { outcome } = chat();
  await pass(100);
  assert.deepEqual([outcome(), sent.length], ['rate_limited', 1]);
});

// The tokens for a room's recordings that a browser keeps: which are good, and which of them is used.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bestAccess,
  readAccesses,
  withAccess,
} from '../../../../client/ui/recordings/data/access.ts';

const NOW = 1_795_891_512_000;
const SECONDS = NOW / 1000;

/** A token of a participant who came then; nobody checks its signature here. */
function token(since?: number): string {
  const claims = Buffer.from(JSON.stringify({ room: 'blue', since })).toString('base64url');
  return `head.${claims}.signature`;
}

test('what cannot be read, and what has ended, is none', () => {
  for (const json of ['', 'null', '{}', '[1]', '[{}]', '[{"token":""}]', '[{"token":5}]', '[']) {
    assert.deepEqual(readAccesses(json, NOW), []);
  }
  const stored = [
    { token: 'old', expiresAt: SECONDS - 1 },
    { token: 'good', expiresAt: SECONDS + 1 },
    { token: 'unknown' },
  ];
  assert.deepEqual(
    readAccesses(JSON.stringify(stored), NOW).map((access) => access.token),
    ['good', 'unknown'],
  );
});

test('a renewal in the same call replaces the token before', () => {
  const first = { token: token(1_000), expiresAt: SECONDS + 100 };
  const second = { token: `${token(1_000)}2`, expiresAt: SECONDS + 200 };
  assert.deepEqual(withAccess([first], second), [second]);
});

test('the token of an earlier call, which sees more, stays and is used as long as it is good', () => {
  const earlier = { token: token(1_000), expiresAt: SECONDS + 100 };
  const later = { token: token(2_000), expiresAt: SECONDS + 200 };
  const both = withAccess([earlier], later);
  assert.deepEqual(both, [earlier, later]);
  assert.equal(bestAccess(both), earlier);
  const afterwards = readAccesses(JSON.stringify(both), NOW + 150_000);
  assert.equal(bestAccess(afterwards)?.token, later.token);
});

test('a host sees everything', () => {
  const guest = { token: token(1_000), expiresAt: SECONDS + 100 };
  const host = { token: token(), expiresAt: SECONDS + 100 };
  assert.equal(bestAccess(withAccess([guest], host)), host);
  assert.equal(bestAccess([]), undefined);
});

test('it does not grow without end', () => {
  let kept: ReturnType<typeof withAccess> = [];
  for (let call = 0; call < 50; call++) {
    kept = withAccess(kept, { token: token(call), expiresAt: SECONDS + call });
  }
  assert.ok(kept.length <= 8);
});

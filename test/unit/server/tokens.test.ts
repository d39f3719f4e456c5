// Room tokens: whoever holds one is let into its room under its name, and nobody else is.
import assert from 'node:assert/strict';
import { generateKeyPairSync, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import { base64url, type JWTPayload, SignJWT } from 'jose';
import { createRoomTokens } from '../../../server/api/tokens.ts';

const AUTH_TOKEN = 'an-auth-token-of-the-tests';
const tokens = createRoomTokens(AUTH_TOKEN);
/** The key that the server derives: known here only to forge what is wrong in one point. */
const KEY = new Uint8Array(hkdfSync('sha256', AUTH_TOKEN, '', 'parley room tokens v1', 32));
const SOON = Math.floor(Date.now() / 1000) + 600;

async function outcome(token: string | undefined, room = 'team'): Promise<string> {
  return tokens.verify(token, room).then(
    () => 'let in',
    (error) => error.code,
  );
}

/** A token as the server makes it, but for what is given. */
function forged(
  claims: JWTPayload,
  { key = KEY, alg = 'HS256' }: { key?: Parameters<SignJWT['sign']>[0]; alg?: string } = {},
): Promise<string> {
  const good = { room: 'team', role: 'guest', iss: 'parley', aud: 'parley:room', exp: SOON };
  return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg }).sign(key);
}

const unsigned = (header: object, claims: object) =>
  `${base64url.encode(JSON.stringify(header))}.${base64url.encode(JSON.stringify(claims))}.`;

test('a minted token lets its holder into its room, with its role and name', async () => {
  const { token, expiresAt } = await tokens.mint({ room: 'team', role: 'host', name: 'Ada' }, 60);
  assert.deepEqual(await tokens.verify(token, 'team'), { room: 'team', role: 'host', name: 'Ada' });
  assert.ok(Math.abs(expiresAt - (Date.now() / 1000 + 60)) <= 1);
});

test('a token without a name leaves the name to its holder', async () => {
  const { token } = await tokens.mint({ room: 'team', role: 'viewer' }, 60);
  assert.deepEqual(await tokens.verify(token, 'team'), { room: 'team', role: 'viewer' });
});

test('no two tokens are the same', async () => {
  const grant = { room: 'team', role: 'guest' } as const;
  const [a, b] = await Promise.all([tokens.mint(grant, 60), tokens.mint(grant, 60)]);
  assert.notEqual(a.token, b.token);
});

test('the forger of these tests can make a good token: only what differs is refused', async () => {
  assert.equal(await outcome(await forged({})), 'let in');
});

test('without a token nobody is let in', async () => {
  assert.equal(await outcome(undefined), 'token_required');
});

test('an expired token says so', async () => {
  assert.equal(await outcome(await forged({ exp: SOON - 1_200 })), 'token_expired');
  const { token } = await tokens.mint({ room: 'team', role: 'guest' }, -1);
  assert.equal(await outcome(token), 'token_expired');
});

test('a token for another room says so', async () => {
  const { token } = await tokens.mint({ room: 'board', role: 'host' }, 60);
  assert.equal(await outcome(token, 'team'), 'token_wrong_room');
});

test('a token that is not ours is refused, whatever is wrong with it', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const claims = { room: 'team', role: 'host', iss: 'parley', aud: 'parley:room', exp: SOON };
  const good = await forged({});
  const [header = '', payload = '', signature = ''] = good.split('.');
  const elevated = base64url.encode(JSON.stringify({ ...claims, role: 'host' }));
  const cases: Record<string, string> = {
    'alg none': unsigned({ alg: 'none' }, claims),
    'alg None': unsigned({ alg: 'None' }, claims),
    'alg none with a signature': `${unsigned({ alg: 'none' }, claims)}${signature}`,
    'no signature': `${header}.${payload}.`,
    'another payload': `${header}.${elevated}.${signature}`,
    'another key': await forged({}, { key: new Uint8Array(32) }),
    'AUTH_TOKEN itself as the key': await forged(
      {},
      { key: new TextEncoder().encode(AUTH_TOKEN.padEnd(32, '0')) },
    ),
    'our key with another HMAC': await forged({}, { key: new Uint8Array(64), alg: 'HS512' }),
    'RSA where HMAC is expected': await forged({}, { key: rsa.privateKey, alg: 'RS256' }),
    'a header that only says RS256': `${base64url.encode('{"alg":"RS256"}')}.${payload}.${signature}`,
    'a critical header': `${base64url.encode('{"alg":"HS256","crit":["x"],"x":1}')}.${payload}.${signature}`,
    'another issuer': await forged({ iss: 'somebody' }),
    'another audience': await forged({ aud: 'parley:admin' }),
    'no expiry': await forged({ exp: undefined } as unknown as JWTPayload),
    'not valid yet': await forged({ nbf: SOON }),
    'no room': await forged({ room: undefined }),
    'an impossible room': await forged({ room: '../team' }),
    'an unknown role': await forged({ role: 'admin' }),
    'a name with bidi controls': await forged({ name: '\u202etsoh' }),
    'a name of ten thousand characters': await forged({ name: 'a'.repeat(10_000) }),
    'AUTH_TOKEN itself': AUTH_TOKEN,
    nothing: '',
    'not a token': 'abc.def.ghi',
    'only dots': '..',
    'very large': `${header}.${'A'.repeat(1_000_000)}.${signature}`,
    'encrypted (five parts)': 'a.b.c.d.e',
  };
  for (const [what, token] of Object.entries(cases)) {
    assert.equal(await outcome(token), 'token_invalid', what);
  }
});

test('tokens end when AUTH_TOKEN is changed', async () => {
  const { token } = await createRoomTokens('the-auth-token-before').mint(
    { room: 'team', role: 'host' },
    60,
  );
  assert.equal(await outcome(token), 'token_invalid');
});

test('AUTH_TOKEN is recognised, and nothing like it', () => {
  assert.ok(tokens.isAuthToken(AUTH_TOKEN));
  for (const other of ['', AUTH_TOKEN.slice(1), `${AUTH_TOKEN} `, AUTH_TOKEN.toUpperCase()]) {
    assert.ok(!tokens.isAuthToken(other), other);
  }
});

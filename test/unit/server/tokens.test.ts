// Room tokens: whoever holds one is let into its room under its name, and nobody else is.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import {
  base64url,
  decodeJwt,
  decodeProtectedHeader,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';
import { RoomTokens, type RoomTokensOptions } from '../../../server/api/tokens.ts';
import { MemorySecrets } from '../../../server/cluster/memory/secrets.ts';
import { APPLICATION, applicationToken } from '../../support/server/application.ts';

const AUTH_TOKEN = 'an-auth-token-of-the-tests';
const SECRET = 'the-secret-of-the-tests-which-no-guest-ever-sees';

async function secretsWith(secret: string): Promise<MemorySecrets> {
  const secrets = new MemorySecrets();
  await secrets.keep('room-tokens', secret);
  return secrets;
}

const secrets = await secretsWith(SECRET);
const tokensOf = (options: Partial<RoomTokensOptions> = {}) =>
  new RoomTokens({
    ...{ authToken: AUTH_TOKEN, apiKeys: [], secrets, rejoinTtlSeconds: 600 },
    ...options,
  });
const tokens = tokensOf();
/** The key that the server makes: known here only to forge what is wrong in one point. */
const KEY = new Uint8Array(hkdfSync('sha256', SECRET, AUTH_TOKEN, 'parley room tokens v2', 32));
const KEY_ID = createHmac('sha256', KEY).update('key id').digest('base64url').slice(0, 12);
const SOON = Math.floor(Date.now() / 1000) + 600;

async function outcome(
  token: string | undefined,
  room = 'team',
  { by = tokens, rejoinToken }: { by?: RoomTokens; rejoinToken?: string } = {},
): Promise<string> {
  return by.verify({ token, rejoinToken }, room).then(
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
  return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg, kid: KEY_ID }).sign(key);
}

const unsigned = (header: object, claims: object) =>
  `${base64url.encode(JSON.stringify(header))}.${base64url.encode(JSON.stringify(claims))}.`;

test('a minted token lets its holder into its room, with its role and name', async () => {
  const { token, expiresAt } = await tokens.mint({ room: 'team', role: 'host', name: 'Ada' }, 60);
  assert.deepEqual(await tokens.verify({ token }, 'team'), {
    room: 'team',
    role: 'host',
    name: 'Ada',
  });
  assert.ok(Math.abs(expiresAt - (Date.now() / 1000 + 60)) <= 1);
});

test('a token without a name leaves the name to its holder', async () => {
  const { token } = await tokens.mint({ room: 'team', role: 'viewer' }, 60);
  assert.deepEqual(await tokens.verify({ token }, 'team'), { room: 'team', role: 'viewer' });
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
    'alg none': unsigned({ alg: 'none', kid: KEY_ID }, claims),
    'alg None': unsigned({ alg: 'None', kid: KEY_ID }, claims),
    'alg none with a signature': `${unsigned({ alg: 'none', kid: KEY_ID }, claims)}${signature}`,
    'no signature': `${header}.${payload}.`,
    'another payload': `${header}.${elevated}.${signature}`,
    'another key': await forged({}, { key: new Uint8Array(32) }),
    'AUTH_TOKEN itself as the key': await forged(
      {},
      { key: new TextEncoder().encode(AUTH_TOKEN.padEnd(32, '0')) },
    ),
    'our key with another HMAC': await forged({}, { key: new Uint8Array(64), alg: 'HS512' }),
    'RSA where HMAC is expected': await forged({}, { key: rsa.privateKey, alg: 'RS256' }),
    'a header that only says RS256': `${base64url.encode(`{"alg":"RS256","kid":"${KEY_ID}"}`)}.${payload}.${signature}`,
    'a critical header': `${base64url.encode(`{"alg":"HS256","kid":"${KEY_ID}","crit":["x"],"x":1}`)}.${payload}.${signature}`,
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
  const before = tokensOf({ authToken: 'the-auth-token-before' });
  const { token } = await before.mint({ room: 'team', role: 'host' }, 60);
  assert.equal(await outcome(token), 'token_invalid');
});

test('a guest who guesses AUTH_TOKEN cannot see it from a token', async () => {
  const { token } = await tokens.mint({ room: 'team', role: 'guest' }, 60);
  const guesses = [
    AUTH_TOKEN,
    ...['parley room tokens v1', 'parley room tokens v2'].flatMap((info) => [
      new Uint8Array(hkdfSync('sha256', AUTH_TOKEN, '', info, 32)),
      new Uint8Array(hkdfSync('sha256', '', AUTH_TOKEN, info, 32)),
    ]),
  ];
  for (const guess of guesses) {
    const key = typeof guess === 'string' ? new TextEncoder().encode(guess) : guess;
    await assert.rejects(jwtVerify(token, key), /signature verification failed/);
  }
  // Two servers with one AUTH_TOKEN have different keys: there is more in them than it.
  const other = tokensOf({ secrets: new MemorySecrets() });
  assert.equal(
    await outcome((await other.mint({ room: 'team', role: 'host' }, 60)).token),
    'token_invalid',
  );
});

test('replicas that share a store take each other’s tokens, whoever was first', async () => {
  const shared = new MemorySecrets();
  const [a, b] = [tokensOf({ secrets: shared }), tokensOf({ secrets: shared })];
  const grant = { room: 'team', role: 'guest' } as const;
  const [one, two] = await Promise.all([a.mint(grant, 60), b.mint(grant, 60)]);
  assert.equal(await outcome(one.token, 'team', { by: b }), 'let in');
  assert.equal(await outcome(two.token, 'team', { by: a }), 'let in');
  const late = tokensOf({ secrets: shared });
  assert.equal(await outcome(one.token, 'team', { by: late }), 'let in', 'before it minted any');
});

test('a store that lost its memory gets the secret back, and one that is away costs nobody the door', async () => {
  let store = await secretsWith(SECRET);
  let away = false;
  const replica = tokensOf({
    secrets: {
      keep: async (...args) => {
        if (away) throw new Error('the store is away');
        return store.keep(...args);
      },
    },
  });
  const grant = { room: 'team', role: 'guest' } as const;
  const { token } = await replica.mint(grant, 60);
  away = true;
  assert.equal(await outcome(token, 'team', { by: replica }), 'let in');
  assert.equal(await outcome((await replica.mint(grant, 60)).token), 'let in');
  away = false;
  store = new MemorySecrets();
  await replica.mint(grant, 60);
  assert.equal(await outcome(token, 'team', { by: tokensOf({ secrets: store }) }), 'let in');
});

test('an application signs tokens with its key, and with that of nobody else', async () => {
  const other = {
    id: 'other',
    secret: 'c5b07de19a4f42638a1ce07f95bd3418e2760fd9ab8c4e135f6a7d90e1b2c348',
  };
  const by = tokensOf({ apiKeys: [APPLICATION, other] });
  const grant = { room: 'team', role: 'host', name: 'Ada' } as const;
  const token = await applicationToken(grant);
  assert.deepEqual(await by.verify({ token }, 'team'), grant);
  assert.equal(await outcome(await applicationToken(grant, 60, other), 'team', { by }), 'let in');
  assert.equal(await outcome(token, 'blue', { by }), 'token_wrong_room');
  assert.equal(await outcome(await applicationToken(grant, -1), 'team', { by }), 'token_expired');
  const wrong = [
    await applicationToken(grant, 60, { ...other, id: APPLICATION.id }),
    await applicationToken(grant, 60, { ...APPLICATION, id: 'nobody' }),
    await applicationToken(grant, 60, { id: KEY_ID, secret: APPLICATION.secret }),
  ];
  for (const one of wrong) assert.equal(await outcome(one, 'team', { by }), 'token_invalid');
  assert.equal(await outcome(token), 'token_invalid', 'where the key was taken away');
});

test('while an API key is changed, links of both are good; links survive what the store forgets', async () => {
  const next = {
    id: 'next',
    secret: 'c5b07de19a4f42638a1ce07f95bd3418e2760fd9ab8c4e135f6a7d90e1b2c348',
  };
  const grant = { room: 'team', role: 'guest' } as const;
  const { token } = await tokensOf({ apiKeys: [APPLICATION] }).mint(grant, 60);
  const both = tokensOf({ apiKeys: [next, APPLICATION], secrets: new MemorySecrets() });
  assert.equal(await outcome(token, 'team', { by: both }), 'let in');
  const { kid } = decodeProtectedHeader((await both.mint(grant, 60)).token);
  assert.notEqual(kid, decodeProtectedHeader(token).kid);
  const after = tokensOf({ apiKeys: [next] });
  assert.equal(await outcome(token, 'team', { by: after }), 'token_invalid');
});

test('a rejoin token opens its room alone, where the invitation has ended', async () => {
  const grant = { room: 'team', role: 'host', name: 'Ada' } as const;
  const { token: rejoinToken, forMs } = await tokens.mintRejoin(grant, {
    participantId: 'participant-1',
    ends: [],
  });
  assert.equal(forMs, 600_000);
  const { token: ended } = await tokens.mint({ room: 'team', role: 'host' }, -1);
  assert.deepEqual(await tokens.verify({ token: ended, rejoinToken }, 'team'), grant);
  assert.deepEqual(await tokens.verify({ rejoinToken }, 'team'), grant);
  assert.equal(await outcome(ended, 'blue', { rejoinToken }), 'token_expired');
  assert.equal(await outcome(ended, 'team', { rejoinToken: ended }), 'token_expired');
  assert.equal(await outcome(rejoinToken), 'token_invalid', 'it is no invitation');
  const over = decodeJwt(rejoinToken);
  assert.equal(over.aud, 'parley:rejoin');
  const late = await tokensOf({ rejoinTtlSeconds: -1 }).mintRejoin(grant, {
    participantId: 'participant-1',
    ends: [],
  });
  assert.equal(await outcome(ended, 'team', { rejoinToken: late.token }), 'token_expired');
});

test('an application cannot make rejoin tokens', async () => {
  const by = tokensOf({ apiKeys: [APPLICATION] });
  const rejoinToken = await new SignJWT({
    room: 'team',
    role: 'host',
    aud: 'parley:rejoin',
    exp: SOON,
  })
    .setProtectedHeader({ alg: 'HS256', kid: APPLICATION.id })
    .sign(new TextEncoder().encode(APPLICATION.secret));
  assert.equal(await outcome(undefined, 'team', { by, rejoinToken }), 'token_required');
});

test('the bearers of AUTH_TOKEN and of API keys are recognised, and nothing like them', () => {
  const all = tokensOf({ apiKeys: [APPLICATION] });
  assert.ok(all.isAuthToken(AUTH_TOKEN));
  for (const other of ['', AUTH_TOKEN.slice(1), `${AUTH_TOKEN} `, AUTH_TOKEN.toUpperCase()]) {
    assert.ok(!all.isAuthToken(other), other);
  }
  const key = `${APPLICATION.id}:${APPLICATION.secret}`;
  assert.ok(all.isApiKey(key));
  for (const other of ['', AUTH_TOKEN, APPLICATION.secret, `x${key}`])
    assert.ok(!all.isApiKey(other));
  const noOperator = tokensOf({ authToken: undefined, apiKeys: [APPLICATION] });
  assert.ok(!noOperator.hasOperator && !noOperator.isAuthToken(''));
});

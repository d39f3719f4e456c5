// Tokens about recordings: each is good for what it was made for, and for nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url, decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from 'jose';
import {
  isRecordingAccess,
  RecordingTokens,
} from '../../../../server/api/recordings/recording-tokens.ts';
import { SigningKeys } from '../../../../server/api/signing-keys.ts';
import { RoomTokens } from '../../../../server/api/tokens.ts';
import { MemorySecrets } from '../../../../server/cluster/memory/secrets.ts';
import { APPLICATION } from '../../../support/server/application.ts';

const ID = '20261128T184512Z-h7q2m9x4kd';
const OBJECT = { room: 'team', id: ID, name: 'grid-1.mp4' };
const SOON = Math.floor(Date.now() / 1_000) + 600;
const secrets = new MemorySecrets();
const open = { authToken: undefined, apiKeys: [], secrets };
const tokens = new RecordingTokens(open);
const key = await new SigningKeys({ ...open, purpose: 'parley recordings v1' }).current();

const codeOf = (reading: Promise<unknown>) =>
  reading.then(
    () => 'read',
    (error) => error.code,
  );
const forged = (
  claims: JWTPayload,
  { alg = 'HS256', secret = key.key, kid = key.id, ends = true } = {},
) =>
  new SignJWT({ ...OBJECT, role: 'host', iss: 'parley', ...(ends && { exp: SOON }), ...claims })
    .setProtectedHeader({ alg, kid })
    .sign(secret);

test('they are made and read on a server without AUTH_TOKEN, by every replica', async () => {
  const other = new RecordingTokens(open);
  const { token, expiresAt } = await tokens.mintRecordingAccess({
    room: 'team',
    role: 'guest',
    since: 5,
  });
  assert.deepEqual(await other.readAccess(token), { room: 'team', role: 'guest', since: 5 });
  assert.ok(Math.abs(expiresAt - (Date.now() / 1_000 + 86_400)) <= 1);
  assert.ok(isRecordingAccess(token));
  const ticket = await tokens.mintTicket(OBJECT);
  assert.partialDeepStrictEqual(await other.readTicket(ticket.token), OBJECT);
});

test('one is never good for another purpose', async () => {
  const made = {
    access: (await tokens.mintRecordingAccess({ room: 'team', role: 'host' })).token,
    ticket: (await tokens.mintTicket(OBJECT)).token,
    link: (await tokens.mintLink(OBJECT, 60)).token,
  };
  const readers = {
    access: (token: string) => tokens.readAccess(token),
    ticket: (token: string) => tokens.readTicket(token),
    link: (token: string) => tokens.readLink(token),
  };
  for (const [name, token] of Object.entries(made)) {
    for (const [reader, read] of Object.entries(readers)) {
      assert.equal(
        await codeOf(read(token)),
        name === reader ? 'read' : 'token_invalid',
        `${name} as ${reader}`,
      );
    }
  }
});

test('room tokens are no recording tokens, nor the other way round', async () => {
  const rooms = new RoomTokens({
    ...open,
    authToken: 'a-secret-of-the-tests',
    rejoinTtlSeconds: 60,
  });
  const here = new RecordingTokens({ ...open, authToken: 'a-secret-of-the-tests' });
  const { token: invitation } = await rooms.mint({ room: 'team', role: 'host' }, 60);
  const { token: access } = await here.mintRecordingAccess({ room: 'team', role: 'host' });
  assert.equal(await codeOf(here.readAccess(invitation)), 'token_invalid');
  assert.equal(await codeOf(rooms.grantOf(access)), 'token_invalid');
  assert.equal(await codeOf(rooms.verify({ token: access }, 'team')), 'token_invalid');
  assert.equal(await codeOf(here.readAccess(access)), 'read');
  assert.notEqual(decodeProtectedHeader(access).kid, decodeProtectedHeader(invitation).kid);
});

test('what is forged is refused', async () => {
  const good = { aud: 'parley:recordings' };
  assert.equal(await codeOf(tokens.readAccess(await forged(good))), 'read');
  const other = new Uint8Array(32).fill(7);
  const wrong: Record<string, string> = {
    'another key': await forged(good, { secret: other }),
    'a key that is not known': await forged(good, { kid: 'unknown' }),
    'an application’s key': await forged(good, {
      kid: APPLICATION.id,
      secret: new TextEncoder().encode(APPLICATION.secret),
    }),
    'another algorithm': await forged(good, { alg: 'HS384', secret: new Uint8Array(48).fill(1) }),
    'another issuer': await forged({ ...good, iss: 'somebody' }),
    'another audience': await forged({ aud: 'parley:room' }),
    'no end': await forged(good, { ends: false }),
    'no room': await forged({ ...good, room: '../team' }),
    'no role': await forged({ ...good, role: 'owner' }),
    unsigned: `${base64url.encode(JSON.stringify({ alg: 'none', kid: key.id }))}.${base64url.encode(JSON.stringify({ ...good, room: 'team', role: 'host', iss: 'parley', exp: SOON }))}.`,
    'too long': `${'x'.repeat(3_000)}.y.z`,
    'no token': 'x',
    nothing: '',
  };
  for (const [what, token] of Object.entries(wrong)) {
    assert.equal(await codeOf(tokens.readAccess(token)), 'token_invalid', what);
  }
  const old = await forged({ ...good, exp: SOON - 3_600 });
  assert.equal(await codeOf(tokens.readAccess(old)), 'token_expired');
});

test('a changed letter ends a token', async () => {
  const { token } = await tokens.mintLink(OBJECT, 60);
  const [head = '', , signature = ''] = token.split('.');
  const claims = { ...decodeJwt(token), name: 'other.mp4' };
  const changed = `${head}.${base64url.encode(JSON.stringify(claims))}.${signature}`;
  assert.equal(await codeOf(tokens.readLink(changed)), 'token_invalid');
});

test('another AUTH_TOKEN ends all of them', async () => {
  const { token } = await tokens.mintRecordingAccess({ room: 'team', role: 'guest' });
  const closed = new RecordingTokens({ ...open, authToken: 'set-later' });
  assert.equal(await codeOf(closed.readAccess(token)), 'token_invalid');
});

test('a link with the longest names fits into an address', async () => {
  const long = { room: '界'.repeat(64), id: ID, name: `${'x'.repeat(195)}.webm` };
  const { token } = await tokens.mintLink(long, 60);
  assert.ok(`/api/shared/${token}`.length <= 1_024, `${token.length}`);
});

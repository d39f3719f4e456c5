// Which STUN and TURN servers a browser gets, and that a TURN server will believe its credentials.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { type Config, loadConfig } from '../../server/config.ts';
import {
  describeTurn,
  iceServersFor,
  TurnConfigError,
  turnServersFrom,
} from '../../server/turn/credentials.ts';
import { parse } from '../../shared/rpc.ts';
import { IceServer } from '../../shared/rtp.ts';

const SECRET = 'north-by-northwest';
const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);

const turn = (env: Record<string, string>): Config['turn'] => loadConfig(env).turn;
const urlsOf = (env: Record<string, string>) =>
  iceServersFor(turnServersFrom(turn(env)), 'ada', NOW).iceServers.flatMap(({ urls }) => urls);

test('without any setting there are no servers, and nothing expires', () => {
  const servers = turnServersFrom(turn({}));
  assert.deepEqual(iceServersFor(servers, 'ada', NOW), {
    iceServers: [],
    iceServersExpireAt: null,
  });
  assert.equal(describeTurn(servers), 'none');
});

test('credentials are what the TURN REST draft asks for', () => {
  const servers = turnServersFrom(
    turn({ TURN_SHARED_SECRET: SECRET, TURN_HOST: 'turn.example.org', TURN_TTL_SECONDS: '600' }),
  );
  const { iceServers, iceServersExpireAt } = iceServersFor(servers, 'ada', NOW);
  const [server] = iceServers;
  assert.ok(server);
  const expiry = NOW / 1000 + 600;
  assert.equal(server.username, `${expiry}:ada`);
  const expected = createHmac('sha1', SECRET).update(`${expiry}:ada`).digest('base64');
  assert.equal(server.credential, expected);
  assert.equal(iceServersExpireAt, expiry * 1000);
  assert.deepEqual(parse(IceServer, server), server);
});

test('credentials differ from person to person, and follow the clock', () => {
  const servers = turnServersFrom(turn({ TURN_SHARED_SECRET: SECRET, TURN_HOST: 'h' }));
  const credential = (user: string, now: number) =>
    iceServersFor(servers, user, now).iceServers[0]?.credential;
  assert.notEqual(credential('ada', NOW), credential('ben', NOW));
  assert.notEqual(credential('ada', NOW), credential('ada', NOW + 1_000));
});

const LISTS: readonly [string, Record<string, string>, string[]][] = [
  [
    'the first list of the platform',
    {
      TURN_SHARED_SECRET: SECRET,
      TURN_HOSTNAME: 'r.turn.watasuhost.com',
      TURN_PORT: '31478',
      TURN_REALM: 'watasu',
    },
    [
      'turn:r.turn.watasuhost.com:31478?transport=udp',
      'turn:r.turn.watasuhost.com:31478?transport=tcp',
    ],
  ],
  [
    'the second list of the platform',
    {
      TURN_URL: 'turn:r.turn.watasuhost.com:31478?transport=udp',
      TURN_HOST: 'r.turn.watasuhost.com',
      TURN_PORT: '31478',
      TURN_TRANSPORT: 'udp',
      TURN_REALM: 'watasu',
      TURN_AUTH_TYPE: 'shared_secret',
      TURN_SHARED_SECRET: SECRET,
      TURN_TTL_SECONDS: '3600',
    },
    ['turn:r.turn.watasuhost.com:31478?transport=udp'],
  ],
  [
    'an address alone',
    { TURN_SHARED_SECRET: SECRET, TURN_URL: 'turns:turn.example.org:5349?transport=tcp' },
    ['turns:turn.example.org:5349?transport=tcp'],
  ],
  [
    'TLS, and an IPv6 address',
    {
      TURN_SHARED_SECRET: SECRET,
      TURN_HOST: '2001:db8::1',
      TURN_PORT: '5349',
      TURN_TRANSPORT: 'tls,udp',
    },
    ['turns:[2001:db8::1]:5349?transport=tcp', 'turn:[2001:db8::1]:5349?transport=udp'],
  ],
];

for (const [name, env, urls] of LISTS) {
  test(`${name} gives the addresses it means`, () => assert.deepEqual(urlsOf(env), urls));
}

test('fixed servers come with their user; STUN needs none', () => {
  const servers = turnServersFrom(
    turn({
      TURN_URLS: 'stun:stun.example.org:3478, turn:t.example.org:3478?transport=udp',
      TURN_USERNAME: 'user',
      TURN_PASSWORD: 'pass word',
    }),
  );
  assert.deepEqual(iceServersFor(servers, 'ada', NOW), {
    iceServers: [
      { urls: ['stun:stun.example.org:3478'] },
      {
        urls: ['turn:t.example.org:3478?transport=udp'],
        username: 'user',
        credential: 'pass word',
      },
    ],
    iceServersExpireAt: null,
  });
});

test('fixed and minted servers are offered together, and expire with the minted one', () => {
  const env = { TURN_URLS: 'stun:s.example.org', TURN_SHARED_SECRET: SECRET, TURN_HOST: 'h' };
  const { iceServers, iceServersExpireAt } = iceServersFor(turnServersFrom(turn(env)), 'ada', NOW);
  assert.equal(iceServers.length, 2);
  assert.equal(iceServersExpireAt, NOW + 3_600_000);
});

test('every known name of the TURN REST pattern is taken, however it is written', () => {
  for (const type of ['rest', 'REST', 'hmac', 'shared-secret', 'SHARED_SECRET', 'turn-rest']) {
    const env = { TURN_SHARED_SECRET: SECRET, TURN_HOST: 'h', TURN_AUTH_TYPE: type };
    assert.equal(turnServersFrom(turn(env)).minted.length, 1, type);
  }
});

const MISTAKES: readonly [string, Record<string, string>, RegExp][] = [
  [
    'an unknown way to authenticate',
    { TURN_SHARED_SECRET: SECRET, TURN_HOST: 'h', TURN_AUTH_TYPE: 'oauth' },
    /TURN_AUTH_TYPE is "oauth".*it knows rest/,
  ],
  ['a secret of no server', { TURN_SHARED_SECRET: SECRET }, /TURN_SHARED_SECRET.*TURN_HOST/],
  ['no password', { TURN_URLS: 'turn:h', TURN_USERNAME: 'u' }, /TURN_USERNAME and TURN_PASSWORD/],
  ['no user', { TURN_URLS: 'turn:h', TURN_PASSWORD: 'p' }, /TURN_USERNAME and TURN_PASSWORD/],
];

for (const [name, env, sentence] of MISTAKES) {
  test(`${name} stops the start with a sentence and without the secret`, () => {
    assert.throws(
      () => turnServersFrom(turn(env)),
      (error) => {
        assert.ok(error instanceof TurnConfigError);
        assert.match(error.message, sentence);
        assert.ok(!error.message.includes(SECRET));
        return true;
      },
    );
  });
}

test('what the operator is shown holds no secret', () => {
  const text = describeTurn(
    turnServersFrom(
      turn({
        TURN_URLS: 'turn:a.example.org',
        TURN_USERNAME: 'user',
        TURN_PASSWORD: 'hunter2',
        TURN_SHARED_SECRET: SECRET,
        TURN_HOST: 'b.example.org',
      }),
    ),
  );
  assert.match(text, /a\.example\.org.*b\.example\.org/);
  for (const secret of ['hunter2', SECRET]) assert.ok(!text.includes(secret));
});

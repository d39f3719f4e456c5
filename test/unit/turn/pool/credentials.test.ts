// Which STUN and TURN servers a browser gets, and that a TURN server will believe its credentials.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { loadConfig } from '../../../../server/config/config.ts';
import { iceServersFor } from '../../../../server/turn/pool/credentials.ts';
import {
  type ConfiguredTurn,
  configuredTurn,
  describeTurn,
  TurnConfigError,
  turnUrls,
} from '../../../../server/turn/pool/environment.ts';
import { IceServer } from '../../../../shared/media/rtp.ts';
import { parse } from '../../../../shared/protocol/rpc.ts';

const SECRET = 'north-by-northwest';
const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);

const turn = (env: Record<string, string>): ConfiguredTurn => configuredTurn(loadConfig(env));
const given = ({ servers, stun }: ConfiguredTurn, userId: string, now: number) =>
  iceServersFor(servers, stun, userId, now);
const urlsOf = (env: Record<string, string>) =>
  given(turn(env), 'ada', NOW).iceServers.flatMap(({ urls }) => urls);

test('without any setting there are no servers, and nothing expires', () => {
  const servers = turn({});
  assert.deepEqual(given(servers, 'ada', NOW), {
    iceServers: [],
    iceServersExpireAt: null,
  });
  assert.equal(describeTurn(turnUrls(servers)), 'none');
});

test('credentials are what the TURN REST draft asks for', () => {
  const servers = turn({
    TURN_SHARED_SECRET: SECRET,
    TURN_HOST: 'turn.example.org',
    TURN_TTL_SECONDS: '600',
  });
  const { iceServers, iceServersExpireAt } = given(servers, 'ada', NOW);
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
  const servers = turn({ TURN_SHARED_SECRET: SECRET, TURN_HOST: 'h' });
  const credential = (user: string, now: number) =>
    given(servers, user, now).iceServers[0]?.credential;
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
  const servers = turn({
    TURN_URLS: 'stun:stun.example.org:3478, turn:t.example.org:3478?transport=udp',
    TURN_USERNAME: 'user',
    TURN_PASSWORD: 'pass word',
  });
  assert.deepEqual(given(servers, 'ada', NOW), {
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
  const { iceServers, iceServersExpireAt } = given(turn(env), 'ada', NOW);
  assert.equal(iceServers.length, 2);
  assert.equal(iceServersExpireAt, NOW + 3_600_000);
});

test('every known name of the TURN REST pattern is taken, however it is written', () => {
  for (const type of ['rest', 'REST', 'hmac', 'shared-secret', 'SHARED_SECRET', 'turn-rest']) {
    const env = { TURN_SHARED_SECRET: SECRET, TURN_HOST: 'h', TURN_AUTH_TYPE: type };
    assert.equal(turn(env).servers.length, 1, type);
  }
});

const IGNORED: readonly [string, Record<string, string>, RegExp][] = [
  [
    'a host without its secret',
    { TURN_HOST: 'h' },
    /^TURN_HOST has no effect without TURN_SHARED_/,
  ],
  [
    'an address without its secret',
    { TURN_URL: 'turn:h' },
    /^TURN_URL has no effect without TURN_SH/,
  ],
  [
    'a user of no server',
    { TURN_USERNAME: 'u', TURN_PASSWORD: 'p' },
    /without a TURN server in TURN_URLS/,
  ],
  [
    'a host beside the address of another one',
    { TURN_URL: 'turn:h', TURN_SHARED_SECRET: SECRET, TURN_HOST: 'other' },
    /^TURN_HOST has no effect beside TURN_URL/,
  ],
  [
    'transports beside an address that has one',
    { TURN_URL: 'turn:h', TURN_SHARED_SECRET: SECRET, TURN_TRANSPORT: 'udp' },
    /^TURN_TRANSPORT has no effect without TURN_HOST/,
  ],
];
for (const [what, env, sentence] of IGNORED) {
  test(`${what} has no effect, and that is said`, () => {
    const { ignored } = turn(env);
    assert.equal(ignored.length, 1);
    assert.match(ignored[0] ?? '', sentence);
  });
}

test('what is complete is not said to have no effect', () => {
  const user = { TURN_URLS: 'turn:h', TURN_USERNAME: 'u', TURN_PASSWORD: 'p' };
  assert.deepEqual(turn({ ...user, TURN_HOST: 'h', TURN_SHARED_SECRET: SECRET }).ignored, []);
  assert.deepEqual(turn({}).ignored, []);
});

test('servers of one’s own join the ones above', () => {
  const own = {
    urls: ['turn:c.example.org:3478', 'turns:c.example.org'],
    secret: 's',
    region: 'us',
  };
  const { servers } = turn({
    TURN_SHARED_SECRET: SECRET,
    TURN_HOST: 'b.example.org',
    TURN_TTL_SECONDS: '60',
    REGION: 'eu',
    TURN_POOL: JSON.stringify([
      { ...own, weight: 2, capacity: 500, ttlSeconds: 90 },
      { id: 'fixed', urls: ['turn:d.example.org'], username: 'u', password: 'p' },
    ]),
  });
  assert.deepEqual(
    servers.map(({ id, region, weight, capacity, auth }) => [id, region, weight, capacity, auth]),
    [
      ['b.example.org:3478', 'eu', 1, null, { kind: 'secret', secret: SECRET, ttlSeconds: 60 }],
      ['c.example.org:3478', 'us', 2, 500, { kind: 'secret', secret: 's', ttlSeconds: 90 }],
      ['fixed', null, 1, null, { kind: 'static', username: 'u', password: 'p' }],
    ],
  );
});

test('the addresses of one host are one server, and no two servers have one name', () => {
  const { servers } = turn({
    TURN_URLS:
      'turn:a.example.org?transport=udp,turn:a.example.org?transport=tcp,turn:b.example.org',
    TURN_USERNAME: 'user',
    TURN_PASSWORD: 'hunter2',
    TURN_SHARED_SECRET: SECRET,
    TURN_HOST: 'b.example.org',
  });
  assert.deepEqual(
    servers.map(({ id, urls }) => [id, urls.length]),
    [
      ['b.example.org:3478', 2],
      ['a.example.org:3478', 2],
      ['b.example.org:3478-2', 1],
    ],
  );
});

const POOL = (entry: object) => ({ TURN_POOL: JSON.stringify([entry]) });
const MISTAKES: readonly [string, Record<string, string>, RegExp][] = [
  [
    'an unknown way to authenticate',
    { TURN_SHARED_SECRET: SECRET, TURN_HOST: 'h', TURN_AUTH_TYPE: 'oauth' },
    /TURN_AUTH_TYPE is "oauth".*it knows rest/,
  ],
  ['a secret of no server', { TURN_SHARED_SECRET: SECRET }, /TURN_SHARED_SECRET.*TURN_HOST/],
  ['no password', { TURN_URLS: 'turn:h', TURN_USERNAME: 'u' }, /TURN_USERNAME and TURN_PASSWORD/],
  ['no user', { TURN_URLS: 'turn:h', TURN_PASSWORD: 'p' }, /TURN_USERNAME and TURN_PASSWORD/],
  [
    'a server without a secret',
    POOL({ urls: ['turn:h'] }),
    /TURN_POOL.*0: it needs either a secret/,
  ],
  [
    'a server with both',
    POOL({ urls: ['turn:h'], secret: SECRET, username: 'u', password: 'p' }),
    /TURN_POOL.*it needs either a secret or/,
  ],
  [
    'an address that is none',
    POOL({ urls: ['turn:h:99999'], secret: SECRET }),
    /TURN_POOL.*not like turn:/,
  ],
  [
    'a misspelt field',
    POOL({ urls: ['turn:h'], secrt: SECRET }),
    /0\.secrt: there is no such field/,
  ],
  ['a STUN server that no browser could read', { TURN_URLS: 'stun:h:99999' }, /TURN_URLS.*STUN/],
  [
    'one name for two servers',
    {
      TURN_POOL: JSON.stringify([
        { id: 'a', urls: ['turn:h'], secret: SECRET },
        { id: 'a', urls: ['turn:i'], secret: SECRET },
      ]),
    },
    /called "a"/,
  ],
];

for (const [name, env, sentence] of MISTAKES) {
  test(`${name} stops the start with a sentence and without the secret`, () => {
    assert.throws(
      () => turn(env),
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
  const configured = turn({
    TURN_URLS: 'turn:a.example.org',
    TURN_USERNAME: 'user',
    TURN_PASSWORD: 'hunter2',
    TURN_SHARED_SECRET: SECRET,
    TURN_HOST: 'b.example.org',
  });
  const text = describeTurn(turnUrls(configured));
  for (const host of ['a.example.org', 'b.example.org']) assert.ok(text.includes(host));
  for (const secret of ['hunter2', SECRET]) assert.ok(!text.includes(secret));
});

// The pure parts of the cluster on Redis: addresses, slots, pauses, and what failures are called.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorReply } from 'redis';
import { describeFailure, refusalOf } from '../../../server/cluster/redis/link/errors.ts';
import { reconnectDelayMs } from '../../../server/cluster/redis/link/link.ts';
import { rightOf } from '../../../server/cluster/redis/link/rights.ts';
import { parseSlots, slotOf } from '../../../server/cluster/redis/link/slots.ts';
import { parseRedisUrl } from '../../../server/cluster/redis/link/url.ts';

test('slots are those of CLUSTER KEYSLOT', () => {
  const slots = { foo: 12182, bar: 5061, '123456789': 12739, '': 0 };
  for (const [key, slot] of Object.entries(slots)) assert.equal(slotOf(key), slot, key);
});

test('what is in the first braces decides, unless it is empty', () => {
  assert.equal(slotOf('parley:{foo}:state'), slotOf('foo'));
  assert.equal(slotOf('{foo}{bar}'), slotOf('foo'));
  assert.notEqual(slotOf('{}foo'), slotOf('foo'));
  assert.notEqual(slotOf('foo{'), slotOf('foo'));
});

test('a server that does not know its own address is the one that was asked', () => {
  const reply = [
    [0, 99, ['10.0.0.1', 6379, 'an id', []], ['10.0.0.2', 6379, 'a replica', []]],
    [100, 199, ['', 6380, 'an id']],
    [200, 299, [null, 6381, 'an id']],
  ];
  assert.deepEqual(
    parseSlots(reply, 'asked').map(({ master }) => `${master.host}:${master.port}`),
    ['10.0.0.1:6379', 'asked:6380', 'asked:6381'],
  );
});

test('addresses of stores', () => {
  const { address, user } = parseRedisUrl('rediss://ada:s%40e%2Fc@store.example:7000/2');
  assert.deepEqual(address, { host: 'store.example', port: 7000 });
  assert.deepEqual(user, { username: 'ada', password: 's@e/c', database: 2, tls: true });
  const plain = parseRedisUrl('redis://[::1]');
  assert.deepEqual(plain.address, { host: '::1', port: 6379 });
  assert.deepEqual(plain.user, {
    username: undefined,
    password: undefined,
    database: 0,
    tls: false,
  });
});

for (const url of ['', 'store:6379', 'http://secret@store', 'redis://secret@store/x', 'redis://']) {
  test(`no address of a store: ${url}`, () => {
    assert.throws(
      () => parseRedisUrl(url),
      (error: Error) => /^REDIS_URL must be/.test(error.message) && !/secret/.test(error.message),
    );
  });
}

test('pauses grow to half a second, with full jitter', () => {
  const longest = (attempt: number) => reconnectDelayMs(attempt, () => 1);
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map(longest), [50, 100, 200, 400, 500, 500, 500]);
  assert.equal(
    reconnectDelayMs(3, () => 0),
    0,
  );
});

const ANSWERS: readonly [string, unknown][] = [
  ['NOSCRIPT No matching script.', { kind: 'no-script' }],
  ['MOVED 3999 127.0.0.1:6381', { kind: 'moved' }],
  ['ASK 3999 10.0.0.7:6381', { kind: 'ask', host: '10.0.0.7', port: 6381 }],
  ['ASK 3999 fe80::1:6381', { kind: 'ask', host: 'fe80::1', port: 6381 }],
  ["READONLY You can't write against a read only replica.", { kind: 'read-only' }],
  ['LOADING Redis is loading the dataset in memory', { kind: 'passing' }],
  ['CLUSTERDOWN Hash slot not served', { kind: 'passing' }],
  ['TRYAGAIN Multiple keys request during rehashing of slot', { kind: 'passing' }],
  ['MASTERDOWN Link with MASTER is down', { kind: 'passing' }],
  ['OOM command not allowed when used memory > maxmemory', { kind: 'passing' }],
  ['WRONGTYPE Operation against a key', { kind: 'final' }],
  ['ERR unknown command', { kind: 'final' }],
];

for (const [answer, refusal] of ANSWERS) {
  test(`an answer of Redis: ${answer}`, () => {
    assert.deepEqual(refusalOf(new ErrorReply(answer)), refusal);
  });
}

test('a connection that fails is no answer', () => {
  assert.equal(refusalOf(new Error('MOVED to another city')), undefined);
});

test('failures are described for people, and without secrets', () => {
  const coded = (code: string) => Object.assign(new Error(`${code} hunter2`), { code });
  const describe = (cause: unknown) => describeFailure(cause, ['hunter2', undefined]);
  assert.match(describe(coded('ENOTFOUND')), /does not resolve/);
  assert.match(describe(coded('ECONNREFUSED')), /nothing listens/);
  assert.match(describe(coded('SELF_SIGNED_CERT_IN_CHAIN')), /REDIS_TLS_CA/);
  assert.match(describe(coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE')), /REDIS_TLS_CA/);
  assert.match(describe(coded('EPROTO')), /does not speak TLS/);
  assert.match(describe(new ErrorReply('WRONGPASS invalid username-password pair')), /password/);
  assert.equal(describe(new Error('odd: hunter2')), 'odd: [redacted]');
  assert.equal(describe(undefined), 'no answer');
});

test('a right that is missing is recognized in the words of each version, in scripts too', () => {
  const command = (name?: string) => ({ kind: 'command', name });
  const table: readonly (readonly [string, unknown])[] = [
    ["NOPERM this user has no permissions to run the 'evalsha' command", command('evalsha')],
    ["NOPERM User parley has no permissions to run the 'hset' command", command('hset')],
    [
      "NOPERM this user has no permissions to run the 'pubsub|shardnumsub' command",
      command('pubsub|shardnumsub'),
    ],
    [
      "ERR The user executing the script can't run this command or subcommand script: 08be, on @user_script:1.",
      command(),
    ],
    [
      "NOPERM ACL failure in script: User parley has no permissions to run the 'zadd' command",
      command('zadd'),
    ],
    [
      'NOPERM this user has no permissions to access one of the keys used as arguments',
      { kind: 'keys' },
    ],
    ['NOPERM No permissions to access a key', { kind: 'keys' }],
    [
      "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
      { kind: 'keys' },
    ],
    [
      'NOPERM this user has no permissions to access one of the channels used as arguments',
      { kind: 'channels' },
    ],
    ['NOPERM ACL failure in script: No permissions to access a channel', { kind: 'channels' }],
    [
      "ERR The user executing the script can't publish to the channel mentioned in the command",
      { kind: 'channels' },
    ],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', undefined],
    ['WRONGPASS invalid username-password pair or user is disabled.', undefined],
    ['MOVED 5 127.0.0.1:7000', undefined],
  ];
  for (const [message, right] of table) assert.deepEqual(rightOf(message), right, message);
});

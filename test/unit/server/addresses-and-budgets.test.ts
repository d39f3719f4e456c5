// What one address and one participant may have: who counts as one, and where each limit is.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { loadConfig } from '../../../server/config/config.ts';
import { Budgets } from '../../../server/signaling/session/budgets.ts';
import { addressKey, isPrivate } from '../../../server/signaling/socket/address-key.ts';
import { Addresses } from '../../../server/signaling/socket/addresses.ts';
import { createLogger } from '../../../server/telemetry/log.ts';

const KEYS: readonly [string, string][] = [
  ['203.0.113.5', '203.0.113.5'],
  ['::ffff:203.0.113.5', '203.0.113.5'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1::2:3:4', '2001:db8:1:0::/64'],
  ['2001:db8:1:2:3::', '2001:db8:1:2::/64'],
  ['1::4:5:6:7:8', '1:0:0:4::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
];

for (const [ip, key] of KEYS) {
  test(`${ip} counts as ${key}`, () => assert.equal(addressKey(ip), key));
}

test('proxies are looked for on this machine and on private networks alone', () => {
  const hidden = ['127.0.0.1', '::1', '::ffff:10.1.2.3', '172.31.0.1', '192.168.1.1', 'fd00::1'];
  const open = ['203.0.113.5', '172.32.0.1', '2001:db8::1'];
  assert.deepEqual([...hidden, ...open].filter(isPrivate), hidden);
});

const { limits } = loadConfig({
  MAX_SOCKETS_PER_ADDRESS: '2',
  ARRIVALS_PER_ADDRESS_PER_MINUTE: '60',
  ARRIVAL_BURST_PER_ADDRESS: '3',
  MAX_ROOMS_PER_ADDRESS: '2',
  MAX_NETWORK_CHECKS_PER_ADDRESS: '1',
  WRONG_TOKENS_PER_ADDRESS_PER_MINUTE: '2',
  PUBLICATIONS_PER_MINUTE: '2',
});

let now: number;
let said: string[];
let addresses: Addresses;
const from = (ip: string, headers = {}) => addresses.of({ ip, headers });
const tooMany = { code: 'too_many_from_address' };

function start(trustsProxy: boolean): void {
  now = 0;
  said = [];
  const log = createLogger('warn', { write: (line) => void said.push(JSON.parse(line).msg) });
  addresses = new Addresses({ limits, log, trustsProxy, now: () => now });
}
beforeEach(() => start(false));

test('sockets are counted by address, and a closed one counts no more, once', () => {
  const [one] = [from('203.0.113.5').countSocket(), from('203.0.113.5').countSocket()];
  assert.throws(() => from('203.0.113.5').assertSocketFree(), tooMany);
  from('203.0.113.6').assertSocketFree();
  one();
  one();
  from('203.0.113.5').assertSocketFree();
  from('203.0.113.5').countSocket();
  assert.throws(() => from('203.0.113.5').assertSocketFree(), tooMany);
  assert.equal(said.length, 1, 'the log says it once');
});

test('a network of IPv6 counts as one, however many addresses it has', () => {
  from('2001:db8:1:2::1').countSocket();
  from('2001:db8:1:2::2').countSocket();
  assert.throws(() => from('2001:db8:1:2:ffff::3').assertSocketFree(), tooMany);
  from('2001:db8:1:3::1').assertSocketFree();
});

test('arrivals: a burst, then the rate, and the refusal says when', () => {
  const address = from('203.0.113.5');
  for (let n = 0; n < 3; n++) address.arrive();
  assert.throws(() => address.arrive(), { ...tooMany, retryAfterMs: 1_000 });
  now += 1_000;
  address.arrive();
  assert.throws(() => address.arrive(), tooMany);
});

test('rooms: one more is too many, one that the address is in already is not', () => {
  const address = from('203.0.113.5');
  const [leave] = [address.countRoom('one'), address.countRoom('two'), address.countRoom('two')];
  assert.deepEqual(
    ['one', 'two', 'three'].map((room) => address.hasEnoughRooms(room)),
    [false, false, true],
  );
  leave();
  assert.ok(!address.hasEnoughRooms('three'));
});

test('network checks are few for each address', () => {
  const end = from('203.0.113.5').countCheck();
  assert.throws(() => from('203.0.113.5').countCheck(), tooMany);
  from('203.0.113.6').countCheck();
  end();
  from('203.0.113.5').countCheck();
});

test('wrong tokens: two, then none is looked at until the rate allows', () => {
  const address = from('203.0.113.5');
  for (let n = 0; n < 2; n++) {
    address.assertMayGuess();
    address.guessedWrong();
  }
  assert.throws(() => address.assertMayGuess(), { code: 'rate_limited', retryAfterMs: 30_000 });
  now += 30_000;
  address.assertMayGuess();
  // What was right costs nothing.
  address.assertMayGuess();
});

test('a proxy that is not trusted, though it names its clients, is not taken for one client', () => {
  const headers = { 'x-forwarded-for': '203.0.113.5' };
  for (let n = 0; n < 5; n++) from('10.0.0.1', headers).countSocket();
  from('10.0.0.1', headers).assertSocketFree();
  assert.match(said[0] ?? '', /TRUST_PROXY is not set/);
  assert.equal(said.length, 1);
  // From the internet such a header is but a claim.
  for (let n = 0; n < 2; n++) from('203.0.113.5', headers).countSocket();
  assert.throws(() => from('203.0.113.5', headers).assertSocketFree(), tooMany);
  start(true);
  for (let n = 0; n < 2; n++) from('10.0.0.2', headers).countSocket();
  assert.throws(() => from('10.0.0.2', headers).assertSocketFree(), tooMany);
});

test('100,000 addresses that came and went are not remembered', () => {
  const first = from('203.0.113.5');
  first.countSocket();
  for (let n = 0; n < 100_000; n++) from(`198.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  assert.equal(from('203.0.113.5'), first, 'who holds something is');
});

test('a participant’s budgets are apart from each other, and from those of others', () => {
  const budgets = new Budgets(limits, () => now);
  budgets.spend('publish');
  budgets.spend('publish');
  assert.throws(() => budgets.spend('publish'), { code: 'rate_limited', retryAfterMs: 30_000 });
  budgets.spend('mute');
  new Budgets(limits, () => now).spend('publish');
  for (let n = 0; n < 10_000; n++) budgets.spend('ping');
  now += 30_000;
  budgets.spend('publish');
});

// An announced hostname: browsers are offered the addresses behind it, as DNS says now.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { IceCandidate } from 'mediasoup/types';
import pino from 'pino';
import {
  AnnouncedNames,
  type Lookup,
  withAddresses,
} from '../../../../server/sfu/workers/announced-names.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';

const NAME = 'media.example.org';
const settled = () => new Promise((resolve) => setImmediate(resolve));

const candidate = (address: string, more: Partial<IceCandidate> = {}): IceCandidate => ({
  foundation: 'udpcandidate',
  priority: 1_076_302_079,
  ...{ ip: address, address, protocol: 'udp', port: 40_000, type: 'host' },
  ...more,
});

const addresses = (candidates: readonly IceCandidate[]) => candidates.map(({ address }) => address);

async function start(announced: string[], lookup: Lookup) {
  const resources = new Resources();
  const log = pino({ level: 'silent' });
  const starting = AnnouncedNames.start({ announced, everySeconds: 30, resources, log, lookup });
  return { starting, resources };
}

test('Firefox makes no pair with a name: its IPv4 and IPv6 addresses are candidates after it', () => {
  const name = candidate(NAME);
  const tcp = candidate(NAME, { protocol: 'tcp', tcpType: 'passive' });
  const inside = candidate('192.168.1.5');
  const found = withAddresses([name, tcp, inside], () => ['203.0.113.5', '2001:db8::5']);
  assert.deepEqual(
    found.map(({ protocol, address }) => `${protocol} ${address}`),
    [
      `udp ${NAME}`,
      'udp 203.0.113.5',
      'udp 2001:db8::5',
      `tcp ${NAME}`,
      'tcp 203.0.113.5',
      'tcp 2001:db8::5',
      'udp 192.168.1.5',
    ],
  );
  for (const { ip, address, port } of found) {
    assert.equal(ip, address);
    assert.equal(port, 40_000);
  }
  assert.equal(found[4]?.tcpType, 'passive');
  const priorities = found.slice(0, 3).map(({ priority }) => priority);
  assert.deepEqual(priorities, [name.priority, name.priority - 1, name.priority - 2]);
});

test('an address that is offered already is not offered twice, and addresses stay as they are', () => {
  const both = [candidate(NAME), candidate('203.0.113.5')];
  assert.deepEqual(addresses(withAddresses(both, () => ['203.0.113.5'])), [NAME, '203.0.113.5']);
  const plain = [candidate('203.0.113.5'), candidate('2001:db8::5')];
  assert.deepEqual(
    withAddresses(plain, () => ['198.51.100.1']),
    plain,
  );
});

test('a change of DNS is followed, and a name server that is away takes no address', async (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  t.after(() => mock.timers.reset());
  let answer: () => Promise<string[]> = async () => ['203.0.113.5'];
  const { starting, resources } = await start([NAME, '198.51.100.9'], (name) => {
    assert.equal(name, NAME, 'an address is not looked up');
    return answer();
  });
  const names = await starting;
  const offered = () => addresses(names.withAddresses([candidate(NAME)]));
  assert.deepEqual(offered(), [NAME, '203.0.113.5']);
  const later = async (next: typeof answer) => {
    answer = next;
    mock.timers.tick(30_000);
    await settled();
  };
  await later(async () => ['203.0.113.6', '2001:db8::6']);
  assert.deepEqual(offered(), [NAME, '203.0.113.6', '2001:db8::6']);
  await later(() => Promise.reject(new Error('SERVFAIL')));
  await later(async () => []);
  assert.deepEqual(offered(), [NAME, '203.0.113.6', '2001:db8::6']);
  names.close();
  assert.equal(resources.counts().timer, 0);
});

test('a name server that never answers keeps no node from starting, and is asked once at a time', async (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  t.after(() => mock.timers.reset());
  let asked = 0;
  const { starting } = await start([NAME], () => {
    asked += 1;
    return new Promise(() => {});
  });
  mock.timers.tick(2_000);
  const names = await starting;
  mock.timers.tick(60_000);
  assert.deepEqual(addresses(names.withAddresses([candidate(NAME)])), [NAME]);
  assert.equal(asked, 1);
  names.close();
});

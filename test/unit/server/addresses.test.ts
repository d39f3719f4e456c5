// Where media is received, and what browsers are told about it.
import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { test } from 'node:test';
import { loadConfig } from '../../../server/config/config.ts';
import {
  announcedAddresses,
  listenAddresses,
  listenInfos,
  replicaHostname,
  withReceiveBuffer,
} from '../../../server/sfu/workers/addresses.ts';

const media = (env: Record<string, string> = {}) => loadConfig(env).media;
const platform = (env: Record<string, string>) => loadConfig(env).platform;

function address(ip: string, internal = false): NetworkInterfaceInfo {
  const common = { address: ip, netmask: '', mac: '', internal, cidr: null };
  return ip.includes(':')
    ? { ...common, family: 'IPv6', scopeid: 0 }
    : { ...common, family: 'IPv4' };
}

const LAPTOP = {
  lo: [address('127.0.0.1', true), address('::1', true)],
  eth0: [address('fe80::1'), address('2001:db8::5'), address('192.168.1.5')],
  docker0: [address('172.17.0.1')],
  'br-4711': [address('172.18.0.1')],
};

test('every address that somebody could reach is listened on, IPv4 first', () => {
  assert.deepEqual(listenAddresses(media(), LAPTOP), ['192.168.1.5', '2001:db8::5']);
});

test('a machine with nothing but loopback uses loopback', () => {
  assert.deepEqual(listenAddresses(media(), { lo: LAPTOP.lo, eth1: undefined }), ['127.0.0.1']);
});

test('addresses that were set are taken as they are', () => {
  const chosen = media({ MEDIA_LISTEN_ADDRESSES: '127.0.0.1,::1' });
  assert.deepEqual(listenAddresses(chosen, LAPTOP), ['127.0.0.1', '::1']);
});

test('a machine with very many addresses does not make very many candidates', () => {
  const many = { eth0: Array.from({ length: 40 }, (_, n) => address(`10.0.0.${n}`)) };
  assert.ok(listenAddresses(media(), many).length <= 8);
});

const HOSTNAMES: readonly [string, Record<string, string>, string | undefined][] = [
  [
    'ordinal 0 of width 2 is 01',
    {
      WATASU_RTC_BASE_LABEL: 'r4nd0m',
      WATASU_RTC_BASE_DOMAIN: 'watasuhost.com',
      WATASU_RTC_INSTANCE_ORDINAL: '0',
      WATASU_RTC_INSTANCE_INDEX_WIDTH: '2',
    },
    'r4nd0m-01.watasuhost.com',
  ],
  [
    'label and domain in one',
    { WATASU_RTC_BASE_HOST: 'r4nd0m.watasuhost.com', WATASU_RTC_INSTANCE_ORDINAL: '11' },
    'r4nd0m-12.watasuhost.com',
  ],
  [
    'the index of the other list',
    { WATASU_RTC_BASE_HOST: 'r4nd0m.watasuhost.com', WATASU_RTC_REPLICA_INDEX: '2' },
    'r4nd0m-03.watasuhost.com',
  ],
  [
    'wider than its number',
    {
      WATASU_RTC_BASE_HOST: 'a.example.org',
      WATASU_RTC_INSTANCE_ORDINAL: '8',
      WATASU_RTC_INSTANCE_INDEX_WIDTH: '3',
    },
    'a-009.example.org',
  ],
  [
    'more replicas than digits',
    {
      WATASU_RTC_BASE_HOST: 'a.example.org',
      WATASU_RTC_INSTANCE_ORDINAL: '99',
      WATASU_RTC_INSTANCE_INDEX_WIDTH: '2',
    },
    'a-100.example.org',
  ],
  ['no ordinal', { WATASU_RTC_BASE_HOST: 'a.example.org' }, undefined],
  ['no host', { WATASU_RTC_INSTANCE_ORDINAL: '0' }, undefined],
  [
    'a label without a domain',
    { WATASU_RTC_BASE_HOST: 'a', WATASU_RTC_INSTANCE_ORDINAL: '0' },
    undefined,
  ],
];

for (const [name, env, hostname] of HOSTNAMES) {
  test(`the replica's hostname: ${name}`, () => {
    assert.equal(replicaHostname(platform(env)), hostname);
  });
}

test('what was set is announced before what the platform says', () => {
  const env = { WATASU_RTC_BASE_HOST: 'a.example.org', WATASU_RTC_INSTANCE_ORDINAL: '0' };
  assert.deepEqual(announcedAddresses(loadConfig(env)), ['a-01.example.org']);
  const set = { ...env, ANNOUNCED_ADDRESS: '203.0.113.7' };
  assert.deepEqual(announcedAddresses(loadConfig(set)), ['203.0.113.7']);
  assert.deepEqual(announcedAddresses(loadConfig({})), []);
});

test('each address is offered with each protocol, on one port', () => {
  const infos = listenInfos(['127.0.0.1', '::1'], [], ['udp', 'tcp'], 40_000);
  assert.deepEqual(
    infos.map(({ protocol, ip, port }) => `${protocol} ${ip} ${port}`),
    ['udp 127.0.0.1 40000', 'tcp 127.0.0.1 40000', 'udp ::1 40000', 'tcp ::1 40000'],
  );
});

test('UDP ports keep what a worker that is late has not read yet', () => {
  const infos = withReceiveBuffer(listenInfos(['127.0.0.1'], [], ['udp', 'tcp'], 1), 1_000_000);
  assert.deepEqual(
    infos.map(({ recvBufferSize }) => recvBufferSize),
    [1_000_000, undefined],
  );
});

test('IPv6 sockets leave IPv4 to the IPv4 sockets on the same port', () => {
  const [v4, v6] = listenInfos(['0.0.0.0', '::'], [], ['udp'], 40_000);
  assert.equal(v4?.flags, undefined);
  assert.deepEqual(v6?.flags, { ipv6Only: true });
});

test('a public address goes with the address of its family, and the internal one stays offered', () => {
  const infos = listenInfos(
    ['10.0.0.5', '2001:db8::5'],
    ['203.0.113.7', '2001:db8:1::7'],
    ['udp'],
    40_000,
  );
  assert.deepEqual(
    infos.map(({ ip, announcedAddress, exposeInternalIp }) => [
      ip,
      announcedAddress,
      exposeInternalIp,
    ]),
    [
      ['10.0.0.5', '203.0.113.7', true],
      ['2001:db8::5', '2001:db8:1::7', true],
    ],
  );
});

test('a public hostname is announced once, and only where there is something to announce it for', () => {
  const [first, second] = listenInfos(['10.0.0.5', '10.0.0.6'], ['a.example.org'], ['udp'], 1);
  assert.equal(first?.announcedAddress, 'a.example.org');
  assert.equal(second?.announcedAddress, undefined);
  const [only] = listenInfos(['10.0.0.5'], ['2001:db8::7'], ['udp'], 1);
  assert.equal(only?.announcedAddress, undefined, 'an IPv6 address means nothing on IPv4');
});

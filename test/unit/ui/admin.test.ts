// The operator's page without a browser: its words, and the form for a new server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as v from 'valibot';
import {
  addressState,
  bestRoundTrip,
  formatBitrate,
  formatShare,
  freshness,
  isPrivate,
  lastServerText,
  loadText,
  nodeState,
  relayedShare,
  serverState,
} from '../../../client/ui/admin/admin-words.ts';
import {
  NO_SERVER,
  type ServerFields,
  serverOf,
} from '../../../client/ui/admin/servers/new-server.ts';
import { TurnServerEntry } from '../../../server/turn/pool/environment.ts';
import type { NodeView, TurnServerView } from '../../../shared/api/admin.ts';

const URL = {
  url: 'turn:a.example:3478?transport=udp',
  state: 'ok',
  reachedBy: 2,
  missedBy: 0,
  message: null,
  roundTripMs: 4.26,
} as const;
const SERVER: TurnServerView = {
  id: 'a',
  region: null,
  weight: 1,
  capacity: 1000,
  auth: 'secret',
  origin: 'operator',
  state: 'in-service',
  draining: null,
  urls: [URL],
  sessions: 3,
  relayed: 1,
  allocations: 1234,
  explained: 12,
  bitrate: null,
  refusals: 0,
};

describe('words of servers', () => {
  const STATES: [Partial<TurnServerView>, string, string][] = [
    [{}, 'good', 'In service'],
    [{ state: 'draining', draining: 'wait' }, 'waiting', 'Draining, calls end here'],
    [{ state: 'draining', draining: 'move' }, 'waiting', 'Draining, calls move away'],
    [{ state: 'failed' }, 'bad', 'Failed'],
    [{ state: 'unknown' }, 'waiting', 'Not probed yet'],
  ];
  for (const [change, tone, text] of STATES) {
    test(text, () => assert.deepEqual(serverState({ ...SERVER, ...change }), { tone, text }));
  }
  const ADDRESSES: [Partial<TurnServerView['urls'][number]>, string, string][] = [
    [{}, 'good', '4.3 ms round trip'],
    [{ roundTripMs: null }, 'good', 'works'],
    [{ state: 'unknown', reachedBy: 0 }, 'waiting', 'not probed yet'],
    [
      { state: 'failed', reachedBy: 0, missedBy: 2, message: 'the secret is another one' },
      'bad',
      'no media node reaches it: the secret is another one',
    ],
    [{ message: 'quota reached' }, 'bad', 'takes no new allocations: quota reached'],
    [{ missedBy: 1, message: 'no answer' }, 'bad', '1 of 3 media nodes do not reach it: no answer'],
  ];
  for (const [change, tone, text] of ADDRESSES) {
    test(text, () => assert.deepEqual(addressState({ ...URL, ...change }), { tone, text }));
  }
  test('load', () => {
    assert.equal(loadText(SERVER), '1,234 of 1,000, at most 12 are ours');
    assert.equal(
      loadText({ ...SERVER, allocations: null, capacity: null }),
      'not read; at most 12 are ours',
    );
  });
  test('the last one that takes calls is said to be that', () => {
    const text = (...states: TurnServerView['state'][]) =>
      lastServerText('a', 'drain', [
        SERVER,
        ...states.map((state) => ({ ...SERVER, id: 'b', state })),
      ]);
    const last =
      'a is the last one: people who need a relay cannot get through, and the calls it has stay on it.';
    assert.deepEqual([text(), text('failed'), text('failed', 'draining')], [last, last, last]);
    assert.deepEqual([text('failed', 'in-service'), text('unknown')], [undefined, undefined]);
    assert.match(
      lastServerText('a', 'remove', [SERVER]) ?? '',
      /^a is the last one: .*, and the calls that it relays keep it only as long as it runs\.$/,
    );
  });
  test('the best round trip', () => {
    assert.equal(bestRoundTrip({ ...SERVER, urls: [{ ...URL, roundTripMs: 20 }, URL] }), '4.3 ms');
    assert.equal(bestRoundTrip({ ...SERVER, urls: [] }), '–');
  });
});

describe('words of media nodes: why somebody sees black', () => {
  const NODE: NodeView = {
    id: 'n1',
    hostname: null,
    addresses: ['203.0.113.7'],
    ports: [40_000],
    region: null,
    sessions: 3,
    maxSessions: 400,
    rooms: 1,
    maxRooms: 100,
    workers: 2,
    draining: false,
    reaches: [],
  };
  const CASES: [Partial<NodeView>, RegExp][] = [
    [{}, /^In service$/],
    [{ workers: 0 }, /No media worker/],
    [{ addresses: [] }, /no address/],
    [{ addresses: ['10.0.0.4', 'fd00::1'] }, /private addresses only/],
    [{ draining: true }, /Draining/],
    [{ sessions: 390 }, /Nearly full/],
    [{ rooms: 95 }, /Nearly full/],
  ];
  for (const [change, text] of CASES) {
    test(String(text), () => assert.match(nodeState({ ...NODE, ...change }).text, text));
  }
  test('private addresses', () => {
    for (const address of [
      '127.0.0.1',
      '172.20.1.1',
      '100.64.0.1',
      '192.168.0.9',
      '::1',
      'fe80::1',
    ]) {
      assert.ok(isPrivate(address), address);
    }
    for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8::1', 'a.example']) {
      assert.ok(!isPrivate(address), address);
    }
  });
});

test('numbers', () => {
  assert.equal(formatBitrate(null), 'not read');
  assert.equal(formatBitrate(12_400), '12 kbit/s');
  assert.equal(formatBitrate(3_240_000), '3.2 Mbit/s');
  assert.equal(formatBitrate(2.5e9), '2.50 Gbit/s');
  assert.equal(formatShare(0.123), '12 %');
  assert.equal(formatShare(0.012), '1.2 %');
  assert.equal(formatShare(0), '0 %');
  assert.equal(relayedShare({ direct: 0, relay: 0, none: 0, unknown: 4 }), 0);
});

test('old numbers are said to be old', () => {
  const clock = () => '12:03:10';
  assert.deepEqual(freshness(0, undefined, clock), { tone: 'good', text: 'As of 12:03:10' });
  assert.match(
    freshness(0, 'It is gone.', clock).text,
    /^Not reached since 12:03:10\. It is gone\.$/,
  );
});

describe('a new server', () => {
  const filled = (fields: Partial<ServerFields>) => serverOf({ ...NO_SERVER, ...fields });
  const urls = 'turn:a.example turns:a.example\n';
  test('with a secret', () => {
    assert.deepEqual(
      filled({ urls, secret: 's', id: ' a ', weight: '2', capacity: '500', region: 'eu' }),
      {
        server: {
          urls: ['turn:a.example', 'turns:a.example'],
          id: 'a',
          region: 'eu',
          weight: 2,
          capacity: 500,
          secret: 's',
        },
      },
    );
  });
  test('with a user, and without the secret that was typed before', () => {
    const typed = { urls, auth: 'static', username: 'u', password: 'p', secret: 's' } as const;
    assert.deepEqual(filled(typed), {
      server: { urls: ['turn:a.example', 'turns:a.example'], username: 'u', password: 'p' },
    });
  });
  const MISSING: [Partial<ServerFields>, keyof ServerFields][] = [
    [{ secret: 's' }, 'urls'],
    [{ urls: 'stun:a.example', secret: 's' }, 'urls'],
    [{ urls }, 'secret'],
    [{ urls, secret: 's', weight: '0' }, 'weight'],
    [{ urls, secret: 's', weight: 'much' }, 'weight'],
    [{ urls, secret: 's', weight: '1001' }, 'weight'],
    [{ urls, secret: 's', capacity: '1.5' }, 'capacity'],
    [{ urls, secret: 's', id: 'my server' }, 'id'],
    [{ urls, secret: 's', region: 'the west' }, 'region'],
    [{ urls, secret: 's', metricsUrl: '10.0.0.7:9641' }, 'metricsUrl'],
    [{ urls, auth: 'static', password: 'p' }, 'username'],
    [{ urls, auth: 'static', username: 'u' }, 'password'],
  ];
  for (const [fields, field] of MISSING) {
    test(`without ${field}`, () => {
      const result = filled(fields);
      assert.ok('problem' in result);
      assert.equal(result.field, field);
    });
  }
  test('the limits are those of the server', () => {
    const { entries } = TurnServerEntry;
    const long = (count: number) => 'x'.repeat(count);
    const url = 'http://a.example/';
    const given = {
      id: ['a', 'eu-1.example:3478', 'v6-[::1]', '_a', '-a', 'ä', 'a b', long(128), long(129)],
      region: ['eu', 'ä', 'a b', long(64), long(65)],
      metricsUrl: [url, 'https://a.example', 'ftp://a.example', `${url} b`, 'http://'].concat(
        [300, 301].map((length) => url.padEnd(length, 'x')),
      ),
      weight: ['0', '0.009', '0.01', '1000', '1000.1', '1e3', '-1', 'x'],
      capacity: ['0', '1', '-1', '1.5', '100000', 'x'],
    };
    for (const [field, values] of Object.entries(given) as [keyof typeof given, string[]][]) {
      for (const value of values) {
        const isNumber = field === 'weight' || field === 'capacity';
        assert.equal(
          'server' in filled({ urls, secret: 's', [field]: value }),
          v.is(entries[field], isNumber ? Number(value) : value),
          `${field}: ${value}`,
        );
      }
    }
  });
});

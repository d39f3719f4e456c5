// From what is seen of an address to what the doctor says of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AddressFacts,
  diagnoseAddress,
  isPublic,
  type Sight,
} from '../../../server/doctor/diagnoses/address.ts';

/** A server at 10.0.0.2 behind NAT at 203.0.113.1, which leads back in; all is well. */
const WELL: AddressFacts = {
  address: '203.0.113.1',
  announced: true,
  resolved: ['203.0.113.1'],
  port: 40_000,
  protocols: ['udp', 'tcp'],
  local: ['127.0.0.1', '10.0.0.2'],
  busy: false,
  inside: { udp: 'ok', tcp: 'ok' },
  outside: 'ok',
  seen: { address: '203.0.113.1', port: 40_000 },
  outsideAtSeen: undefined,
};
const SILENT = { udp: 'no_answer', tcp: 'no_answer' } as const;
const ELSEWHERE = { address: '203.0.113.9', resolved: ['203.0.113.9'] };
/** A server with a public address of its own. */
const OWN = { local: ['203.0.113.1'] };
/** Nothing is announced: browsers are told the internal address. */
const INTERNAL = { announced: false, address: '10.0.0.2', resolved: ['10.0.0.2'] };
const NO_VIEW = { outside: undefined, seen: undefined } as const;

const ADDRESSES: readonly [string, Partial<AddressFacts>, string][] = [
  ['all is well', {}, 'ok'],
  ['the router does not lead back in', { inside: SILENT }, 'ok'],
  ['no TURN server to look from', { outside: undefined }, 'ok'],
  ['no STUN server either', NO_VIEW, 'ok'],
  ['an address of our own, seen from outside', { ...OWN }, 'ok'],
  ['an address of our own, and nobody to look', { ...OWN, ...NO_VIEW }, 'ok'],
  ['a LAN without outside', { ...INTERNAL, ...NO_VIEW }, 'ok'],
  [
    'a LAN with a TURN server in it',
    { ...INTERNAL, seen: { address: '10.0.0.2', port: 40_000 } },
    'ok',
  ],
  ['UDP only', { protocols: ['udp'], inside: { udp: 'ok', tcp: undefined } }, 'ok'],
  [
    'TCP only',
    { protocols: ['tcp'], inside: { udp: undefined, tcp: 'ok' }, outside: undefined },
    'ok',
  ],

  ['no such name', { resolved: [] }, 'failed unresolvable'],
  [
    'another address, relay says so',
    { ...ELSEWHERE, inside: SILENT, outside: 'no_answer', outsideAtSeen: 'ok' },
    'failed wrong_address',
  ],
  [
    'another address, STUN says so',
    { ...ELSEWHERE, inside: SILENT, outside: undefined },
    'failed wrong_address',
  ],
  [
    'another address, somebody else is there',
    { ...ELSEWHERE, inside: { udp: 'wrong_answer', tcp: 'refused' }, outside: 'wrong_answer' },
    'failed wrong_address',
  ],
  [
    'an internal address is announced',
    { ...INTERNAL, announced: true, outside: 'no_answer' },
    'failed wrong_address',
  ],
  [
    'the same, without a relay',
    { ...INTERNAL, announced: true, outside: undefined },
    'warning wrong_address',
  ],
  ['nothing is announced', { ...INTERNAL, outside: undefined }, 'warning not_announced'],
  [
    'nothing is announced, relay says so',
    { ...INTERNAL, outside: 'no_answer' },
    'failed not_announced',
  ],

  [
    'UDP is blocked, and the router leads back in',
    { inside: { udp: 'no_answer', tcp: 'ok' }, outside: 'no_answer' },
    'failed udp_blocked',
  ],
  [
    'UDP is blocked, and no relay to look from',
    { inside: { udp: 'no_answer', tcp: 'ok' }, outside: undefined },
    'failed udp_blocked',
  ],
  [
    'all UDP is blocked',
    {
      inside: { udp: 'no_answer', tcp: 'ok' },
      outside: 'no_answer',
      seen: { address: '203.0.113.1', port: undefined },
    },
    'failed udp_blocked',
  ],
  ['UDP is blocked from outside only', { outside: 'no_answer' }, 'failed udp_blocked'],
  ['our own address behind a firewall', { ...OWN, outside: 'no_answer' }, 'failed udp_blocked'],
  ['TCP is blocked', { inside: { udp: 'ok', tcp: 'no_answer' } }, 'warning tcp_blocked'],
  ['both are blocked', { inside: SILENT, outside: 'no_answer' }, 'failed blocked'],
  [
    'TCP only, blocked, on our own address',
    {
      ...OWN,
      protocols: ['tcp'],
      inside: { udp: undefined, tcp: 'no_answer' },
      outside: undefined,
    },
    'failed blocked',
  ],

  [
    'the port is another one outside',
    {
      inside: SILENT,
      outside: 'no_answer',
      seen: { address: '203.0.113.1', port: 50_000 },
      outsideAtSeen: 'ok',
    },
    'failed port_remapped',
  ],
  [
    'the same, by STUN alone',
    { inside: SILENT, outside: undefined, seen: { address: '203.0.113.1', port: 50_000 } },
    'failed port_remapped',
  ],
  [
    'the NAT changes outgoing ports, but forwards the right one',
    { seen: { address: '203.0.113.1', port: 50_000 } },
    'ok',
  ],
  [
    'the port is not forwarded',
    { inside: { udp: 'refused', tcp: 'refused' }, outside: 'no_answer' },
    'failed port_not_forwarded',
  ],
  [
    'something else answers',
    { inside: { udp: 'wrong_answer', tcp: 'refused' }, outside: 'wrong_answer' },
    'failed something_else_answers',
  ],

  [
    'not to be seen from inside, and nobody outside',
    { inside: SILENT, outside: undefined },
    'warning not_checkable',
  ],
  ['the same without STUN', { inside: SILENT, ...NO_VIEW }, 'warning not_checkable'],
  [
    'a STUN server that is inside as well',
    { inside: SILENT, outside: undefined, seen: { address: '10.0.0.2', port: 40_000 } },
    'warning not_checkable',
  ],
  [
    'nothing of ours could answer',
    { busy: true, inside: { udp: undefined, tcp: undefined }, outside: undefined },
    'skipped',
  ],
  [
    'nothing of ours could answer, at another address',
    { ...ELSEWHERE, busy: true, inside: { udp: undefined, tcp: undefined }, outside: undefined },
    'warning wrong_address',
  ],
];

for (const [what, facts, expected] of ADDRESSES) {
  test(`address: ${what}`, () => {
    const { state, cause, detail, remedy } = diagnoseAddress({ ...WELL, ...facts });
    assert.equal([state, cause].filter((word) => word !== undefined).join(' '), expected, detail);
    assert.equal(remedy !== undefined, cause !== undefined);
  });
}

test('whatever the facts are, what is wrong has a cause and a remedy', () => {
  const sight = fc.constantFrom<Sight | undefined>(
    'ok',
    'no_answer',
    'refused',
    'wrong_answer',
    undefined,
  );
  const ips = fc.constantFrom('203.0.113.1', '10.0.0.2', '2001:db8::1', 'fd00::2', '203.0.113.9');
  const facts: fc.Arbitrary<AddressFacts> = fc.record({
    address: ips,
    announced: fc.boolean(),
    resolved: fc.array(ips, { maxLength: 2 }),
    port: fc.integer({ min: 1, max: 65_535 }),
    protocols: fc.constantFrom(['udp'], ['tcp'], ['udp', 'tcp']) as fc.Arbitrary<('udp' | 'tcp')[]>,
    local: fc.array(ips, { maxLength: 2 }),
    busy: fc.boolean(),
    inside: fc.record({ udp: sight, tcp: sight }),
    outside: sight,
    seen: fc.option(
      fc.record({ address: ips, port: fc.option(fc.nat(65_535), { nil: undefined }) }),
      {
        nil: undefined,
      },
    ),
    outsideAtSeen: sight,
  });
  fc.assert(
    fc.property(facts, (given) => {
      const { state, cause, remedy, detail } = diagnoseAddress(given);
      const isWrong = state === 'failed' || state === 'warning';
      assert.deepEqual([cause !== undefined, remedy !== undefined], [isWrong, isWrong]);
      assert.ok(!detail.includes('undefined'), detail);
    }),
    { numRuns: 2_000 },
  );
});

test('public addresses are those that the whole internet may know', () => {
  const known = {
    '8.8.8.8': true,
    '203.0.113.1': true,
    '10.1.2.3': false,
    '172.31.0.1': false,
    '172.32.0.1': true,
    '192.168.1.1': false,
    '100.64.0.1': false,
    '127.0.0.1': false,
    '2001:db8::1': true,
    'fd00::1': false,
    'fe80::1': false,
    '::1': false,
  };
  for (const [ip, expected] of Object.entries(known)) assert.equal(isPublic(ip), expected, ip);
});

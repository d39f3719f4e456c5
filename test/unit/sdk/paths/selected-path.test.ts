// How packets travel, read from statistics as Chromium, Firefox and libwebrtc in Node give them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isSamePath, NO_PATH, selectedPath } from '../../../../client/sdk/paths/selected-path.ts';
import type { PathReport } from '../../../../shared/protocol/media-messages.ts';

type Fields = Record<string, unknown> & { id: string; type: string };

function report(...stats: Fields[]): Map<string, unknown> {
  return new Map(stats.map((stat) => [stat.id, stat]));
}

const transport = (selectedCandidatePairId?: string): Fields => ({
  id: 'T01',
  type: 'transport',
  dtlsState: 'connected',
  ...(selectedCandidatePairId !== undefined && { selectedCandidatePairId }),
});
const pair = (id: string, localCandidateId: string, more: object = {}): Fields => ({
  id,
  type: 'candidate-pair',
  localCandidateId,
  remoteCandidateId: 'R',
  state: 'succeeded',
  nominated: true,
  currentRoundTripTime: 0.012,
  ...more,
});
const local = (id: string, more: object): Fields => ({
  id,
  type: 'local-candidate',
  protocol: 'udp',
  ...more,
});
const remote: Fields = {
  id: 'R',
  type: 'remote-candidate',
  candidateType: 'host',
  protocol: 'udp',
};

const RELAY = {
  candidateType: 'relay',
  relayProtocol: 'tcp',
  url: 'turn:turn.example.org:3478?transport=tcp',
};

const CASES: [string, Map<string, unknown>, PathReport][] = [
  [
    'Chromium, direct',
    report(
      pair('CP0', 'I0', { nominated: false }),
      pair('CP1', 'I1'),
      local('I0', { candidateType: 'relay', relayProtocol: 'udp', url: 'turn:a.example' }),
      local('I1', { candidateType: 'host' }),
      remote,
      transport('CP1'),
    ),
    { kind: 'direct', protocol: 'udp', server: null, roundTripMs: 12 },
  ],
  [
    'Chromium, over TCP, seen through a NAT',
    report(
      pair('CP1', 'I1'),
      local('I1', { candidateType: 'prflx', protocol: 'tcp' }),
      remote,
      transport('CP1'),
    ),
    { kind: 'direct', protocol: 'tcp', server: null, roundTripMs: 12 },
  ],
  [
    'Chromium, relayed: the hop that leaves the client counts, not the one behind the relay',
    report(pair('CP1', 'I1'), local('I1', RELAY), remote, transport('CP1')),
    { kind: 'relay', protocol: 'tcp', server: RELAY.url, roundTripMs: 12 },
  ],
  [
    'a relay over TLS that is behind a NAT itself',
    report(
      pair('CP1', 'I1'),
      local('I1', { candidateType: 'prflx', relayProtocol: 'tls' }),
      remote,
      transport('CP1'),
    ),
    { kind: 'relay', protocol: 'tls', server: null, roundTripMs: 12 },
  ],
  [
    'a relay whose hop is told by its address alone',
    report(
      pair('CP1', 'I1'),
      local('I1', { candidateType: 'relay', url: 'turns:turn.example.org:443?transport=tcp' }),
      remote,
      transport('CP1'),
    ),
    {
      kind: 'relay',
      protocol: 'tls',
      server: 'turns:turn.example.org:443?transport=tcp',
      roundTripMs: 12,
    },
  ],
  [
    'an address that is none of a relay is not told',
    report(
      pair('CP1', 'I1'),
      local('I1', { ...RELAY, url: 'stun:stun.example.org' }),
      transport('CP1'),
    ),
    { kind: 'relay', protocol: 'tcp', server: null, roundTripMs: 12 },
  ],
  [
    'Firefox: no transport, a mark on the pair, no address of the relay',
    report(
      pair('a', 'l0', { selected: false, nominated: false }),
      pair('b', 'l1', { selected: true, currentRoundTripTime: undefined }),
      local('l0', { candidateType: 'host' }),
      local('l1', { candidateType: 'relay', relayProtocol: 'udp' }),
      remote,
    ),
    { kind: 'relay', protocol: 'udp', server: null, roundTripMs: null },
  ],
  [
    'Firefox, before a pair is marked',
    report(pair('a', 'l0', { selected: false }), local('l0', { candidateType: 'host' })),
    NO_PATH,
  ],
  [
    'libwebrtc in Node, after an ICE restart: the newest of the nominated ones',
    report(
      pair('RTCIceCandidatePair_1', 'L1'),
      pair('RTCIceCandidatePair_2', 'L2', { state: 'in-progress' }),
      pair('RTCIceCandidatePair_3', 'L3', { currentRoundTripTime: 0 }),
      local('L1', { candidateType: 'relay', relayProtocol: 'udp' }),
      local('L3', { candidateType: 'host' }),
    ),
    { kind: 'direct', protocol: 'udp', server: null, roundTripMs: 0 },
  ],
  ['no pair yet', report(transport()), NO_PATH],
  ['nothing at all', report(), NO_PATH],
  [
    'a candidate that is not told',
    report(pair('CP1', 'gone', { currentRoundTripTime: 1e9 }), transport('CP1')),
    { kind: 'direct', protocol: null, server: null, roundTripMs: 60_000 },
  ],
];

describe('selectedPath', () => {
  for (const [title, stats, expected] of CASES) {
    test(title, () => assert.deepEqual(selectedPath(stats), expected));
  }
});

test('a round trip alone is no other path', () => {
  const path: PathReport = { kind: 'relay', protocol: 'udp', server: 'turn:a', roundTripMs: 5 };
  assert.ok(isSamePath(path, { ...path, roundTripMs: 50 }));
  assert.ok(!isSamePath(path, { ...path, server: 'turn:b' }));
  assert.ok(!isSamePath(path, { ...path, protocol: 'tcp' }));
  assert.ok(!isSamePath(path, NO_PATH));
});

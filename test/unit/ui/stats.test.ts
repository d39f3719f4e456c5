// WebRTC statistics, as Chromium and as Firefox give them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { transportLine } from '../../../client/ui/stats/path-text.ts';
import { readStats } from '../../../client/ui/stats/read-stats.ts';

type Fields = Record<string, unknown> & { id: string; type: string };

function report(...stats: Fields[]): Map<string, unknown> {
  return new Map(stats.map((stat) => [stat.id, stat]));
}

function pair(bytesReceived: number, more: object = {}): Fields {
  return {
    id: 'P1',
    type: 'candidate-pair',
    localCandidateId: 'L1',
    state: 'succeeded',
    nominated: true,
    currentRoundTripTime: 0.023,
    bytesReceived,
    bytesSent: 0,
    ...more,
  };
}

function candidate(more: object = {}): Fields {
  return { id: 'L1', type: 'local-candidate', candidateType: 'host', protocol: 'udp', ...more };
}

const TRANSPORT: Fields = { id: 'T', type: 'transport', selectedCandidatePairId: 'P1' };
const OTHER_PAIR = pair(9, { id: 'P0', localCandidateId: 'L0', nominated: false });

function video(received: number, lost: number): Fields {
  return {
    id: 'V',
    type: 'inbound-rtp',
    kind: 'video',
    trackIdentifier: 'track-1',
    frameWidth: 640,
    frameHeight: 360,
    framesPerSecond: 29.7,
    packetsReceived: received,
    packetsLost: lost,
  };
}

describe('readStats', () => {
  test('the selected pair, its kind and its round trip', () => {
    const recv = report(OTHER_PAIR, pair(0), candidate(), TRANSPORT);
    const reading = readStats({ send: undefined, recv }, 0);
    assert.deepEqual(reading.recv, {
      path: { kind: 'direct', protocol: 'udp', server: null, roundTripMs: 23 },
      bitrate: undefined,
    });
    assert.equal(reading.send, undefined);
  });

  test('a relay, and how it is reached', () => {
    const local = candidate({ candidateType: 'relay', relayProtocol: 'tcp' });
    const { recv } = readStats({ send: undefined, recv: report(pair(0), local, TRANSPORT) }, 0);
    assert.deepEqual([recv?.path.kind, recv?.path.protocol], ['relay', 'tcp']);
  });

  test('Firefox marks the pair instead of naming it', () => {
    const recv = report(OTHER_PAIR, pair(0, { selected: true }), candidate());
    assert.equal(readStats({ send: undefined, recv }, 0).recv?.path.kind, 'direct');
  });

  test('no pair yet', () => {
    const { recv } = readStats({ send: undefined, recv: report(TRANSPORT) }, 0);
    assert.equal(recv?.path.kind, 'none');
  });

  test('bitrate and loss are those since the reading before', () => {
    const at = (bytes: number, received: number, lost: number) =>
      report(pair(bytes), candidate(), TRANSPORT, video(received, lost));
    const first = readStats({ send: undefined, recv: at(1000, 100, 5) }, 0);
    assert.equal(first.videos.get('track-1')?.loss, undefined);
    const second = readStats({ send: undefined, recv: at(126_000, 190, 15) }, 2000, first.counters);
    assert.equal(second.recv?.bitrate, 500_000);
    assert.deepEqual(second.videos.get('track-1'), {
      width: 640,
      height: 360,
      framesPerSecond: 30,
      loss: 0.1,
    });
  });

  test('counters that went back to zero give no nonsense', () => {
    const before = readStats(
      { send: undefined, recv: report(pair(9e9), TRANSPORT, video(9e6, 9)) },
      0,
    );
    const after = readStats(
      { send: undefined, recv: report(pair(10), TRANSPORT, video(1, 0)) },
      1000,
      before.counters,
    );
    assert.equal(after.recv?.bitrate, 0);
    assert.equal(after.videos.get('track-1')?.loss, undefined);
  });
});

describe('transportLine', () => {
  const direct = { kind: 'direct', protocol: 'udp', server: null, roundTripMs: 22.6 } as const;
  const relay = { kind: 'relay', protocol: 'tls', server: null, roundTripMs: null } as const;
  const none = { kind: 'none', protocol: null, server: null, roundTripMs: null } as const;
  const LINES: [Parameters<typeof transportLine>[0], string][] = [
    [undefined, 'Not connected'],
    [{ path: none, bitrate: undefined }, 'Not connected'],
    [{ path: direct, bitrate: undefined }, 'Direct · UDP · 23 ms'],
    [{ path: direct, bitrate: 1_234_000 }, 'Direct · UDP · 23 ms · 1.23 Mbit/s'],
    [{ path: relay, bitrate: undefined }, 'Relayed · TLS'],
    [
      {
        path: { ...relay, server: 'turns:turn.example.org:443?transport=tcp' },
        bitrate: undefined,
      },
      'Relayed by turn.example.org · TLS',
    ],
  ];
  for (const [stats, line] of LINES) {
    test(line, () => assert.equal(transportLine(stats), line));
  }
});

// The answers that stories build on are read out of the right entries of a stats report.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatsEntry } from './page-hooks.ts';
import {
  audioEnergies,
  inboundPicture,
  selectedPairs,
  sentLayers,
  videoFrames,
} from './rtc-stats.ts';

const receiving: StatsEntry[] = [
  {
    type: 'inbound-rtp',
    id: 'v',
    kind: 'video',
    trackIdentifier: 'picture',
    framesDecoded: 9,
    frameWidth: 640,
    frameHeight: 360,
    ssrc: 7,
  },
  { type: 'inbound-rtp', id: 'a', kind: 'audio', trackIdentifier: 'sound', totalAudioEnergy: 0.5 },
  { type: 'transport', id: 't', selectedCandidatePairId: 'used' },
  { type: 'candidate-pair', id: 'spare', localCandidateId: 'host', remoteCandidateId: 'server' },
  {
    type: 'candidate-pair',
    id: 'used',
    localCandidateId: 'relay',
    remoteCandidateId: 'server',
    bytesReceived: 1_000,
  },
  { type: 'local-candidate', id: 'host', candidateType: 'host', protocol: 'udp' },
  { type: 'local-candidate', id: 'relay', candidateType: 'relay', protocol: 'udp' },
  { type: 'remote-candidate', id: 'server', candidateType: 'host', protocol: 'udp', port: 40_000 },
];
const connecting: StatsEntry[] = [{ type: 'transport', id: 't' }];

test('a picture is found by the track that shows it', () => {
  assert.deepEqual(inboundPicture([connecting, receiving], 'picture'), {
    frames: 9,
    width: 640,
    height: 360,
    ssrc: 7,
  });
  assert.equal(inboundPicture([receiving], 'another'), undefined);
});

test('frames and sound are told apart, by track', () => {
  assert.deepEqual([...videoFrames([receiving])], [['picture', 9]]);
  assert.deepEqual([...audioEnergies([receiving])], [['sound', 0.5]]);
});

test('the pair in use is the one that the transport names, not any that succeeded', () => {
  const pairs = selectedPairs([connecting, receiving]);
  assert.equal(pairs.length, 1);
  assert.equal(pairs[0]?.local.candidateType, 'relay');
  assert.equal(pairs[0]?.remote.port, 40_000);
  assert.equal(pairs[0]?.bytesReceived, 1_000);
});

test('what is sent is told by layer, the lowest first; one that is left out aims at nothing', () => {
  const sending: StatsEntry[] = [
    {
      type: 'outbound-rtp',
      kind: 'video',
      id: 'b',
      rid: 'r1',
      qualityLimitationReason: 'bandwidth',
    },
    { type: 'outbound-rtp', kind: 'audio', id: 'c' },
    {
      ...{ type: 'outbound-rtp', kind: 'video', id: 'a', rid: 'r0' },
      ...{ frameHeight: 180, targetBitrate: 84_000 },
    },
  ];
  assert.deepEqual(sentLayers([connecting, sending]), [
    { rid: 'r0', height: 180, targetBitrate: 84_000, limitedBy: 'none' },
    { rid: 'r1', height: 0, targetBitrate: 0, limitedBy: 'bandwidth' },
  ]);
});

// The pure parts of the network check: session descriptions, and what is made of round trips.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { qualityOf } from '../../../../client/sdk/check/echo.ts';
import { answerTo, dtlsParametersOf } from '../../../../client/sdk/check/sdp.ts';
import type { IceCandidate } from '../../../../shared/media/rtp.ts';
import type { CheckPath } from '../../../../shared/protocol/check-messages.ts';

const FINGERPRINT = Array(32).fill('AB').join(':');
const OFFER = [
  'v=0',
  'a=group:BUNDLE data',
  `a=fingerprint:SHA-256 ${FINGERPRINT}`,
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'a=mid:data',
  'a=setup:actpass',
  `a=fingerprint:SHA-256 ${FINGERPRINT}`,
  '',
].join('\r\n');
const CANDIDATE: IceCandidate = {
  foundation: 'f',
  priority: 7,
  ip: '192.0.2.1',
  address: 'media.example',
  port: 4000,
  protocol: 'tcp',
  type: 'host',
  tcpType: 'passive',
};
const PATH: CheckPath = {
  id: 'path',
  kind: 'tcp',
  url: null,
  transport: {
    id: 'path',
    iceParameters: { usernameFragment: 'fragment', password: 'password', iceLite: true },
    iceCandidates: [CANDIDATE],
    dtlsParameters: {
      role: 'auto',
      fingerprints: [{ algorithm: 'sha-256', value: FINGERPRINT }],
    },
  },
  sctp: { port: 5000, maxMessageSize: 65_536 },
  iceServers: [],
};

test('the fingerprints of an offer, once each', () => {
  const fingerprints = [{ algorithm: 'sha-256', value: FINGERPRINT }];
  assert.deepEqual(dtlsParametersOf(OFFER), { role: 'client', fingerprints });
});

test('an ICE-lite server answers with its candidates, and waits for the DTLS client', () => {
  const lines = answerTo(OFFER, PATH).split('\r\n');
  for (const line of [
    'a=ice-lite',
    'a=group:BUNDLE data',
    'a=mid:data',
    'a=ice-ufrag:fragment',
    'a=ice-pwd:password',
    'a=candidate:f 1 tcp 7 media.example 4000 typ host tcptype passive',
    `a=fingerprint:sha-256 ${FINGERPRINT}`,
    'a=setup:passive',
    'a=sctp-port:5000',
    'a=max-message-size:65536',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.equal(lines.at(-1), '', 'every line ends');
});

test('round trips: the median, how they differ, and what is missing', () => {
  assert.equal(qualityOf([], 50), null);
  assert.deepEqual(qualityOf([20, 30, 20, 90], 5), {
    roundTripMs: 30,
    jitterMs: 30,
    lost: 1 - 4 / 5,
  });
});

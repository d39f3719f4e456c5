// Descriptions of media that strangers send and browsers of others will read: bounded, and harmless.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import {
  DtlsParameters,
  describesKind,
  RtpCapabilities,
  RtpParameters,
} from '../../../shared/media/rtp.ts';
import { LIMITS } from '../../../shared/protocol/limits.ts';
import { audioParameters, videoParameters } from '../../support/server/rtp.ts';

const codec = { mimeType: 'video/VP8', payloadType: 96, clockRate: 90000 };
const extension = { uri: 'urn:3gpp:video-orientation', id: 4 } as const;
const fingerprint = { algorithm: 'sha-256', value: Array(32).fill('0A').join(':') } as const;

const takes = (schema: v.GenericSchema, input: unknown) => v.safeParse(schema, input).success;
const many = <T>(count: number, item: T) => Array.from({ length: count }, () => item);
const video = (change: object) => ({ ...videoParameters(), ...change });

test('as many parts as allowed are taken, one more is not', () => {
  const cases: readonly [string, v.GenericSchema, (count: number) => unknown, number][] = [
    ['codecs', RtpParameters, (n) => video({ codecs: many(n, codec) }), LIMITS.rtpCodecs],
    [
      'header extensions',
      RtpParameters,
      (n) => video({ headerExtensions: many(n, extension) }),
      LIMITS.rtpHeaderExtensions,
    ],
    [
      'encodings',
      RtpParameters,
      (n) => video({ encodings: many(n, { rid: 'r0' }) }),
      LIMITS.rtpEncodings,
    ],
    [
      'codecs of a receiver',
      RtpCapabilities,
      (n) => ({ codecs: many(n, ROUTER_RTP_CAPABILITIES.codecs[0]), headerExtensions: [] }),
      LIMITS.rtpCodecs,
    ],
    [
      'fingerprints',
      DtlsParameters,
      (n) => ({ fingerprints: many(n, fingerprint) }),
      LIMITS.dtlsFingerprints,
    ],
  ];
  for (const [what, schema, make, limit] of cases) {
    assert.ok(takes(schema, make(limit)), `${limit} ${what}`);
    assert.ok(!takes(schema, make(limit + 1)), `${limit + 1} ${what}`);
  }
});

test('what is necessary has to be there', () => {
  assert.ok(!takes(RtpParameters, video({ codecs: [] })), 'a codec');
  assert.ok(!takes(RtpParameters, video({ encodings: [] })), 'an encoding');
  assert.ok(!takes(DtlsParameters, { fingerprints: [] }), 'a fingerprint');
});

test('nothing in a description can begin a line of somebody else’s SDP', () => {
  const injected = 'x\r\na=evil:1';
  for (const text of [injected, 'x\na=evil', 'x\u2028', 'x\u0000', 'é']) {
    const attempts = {
      cname: video({ rtcp: { cname: text } }),
      mid: video({ mid: text }),
      msid: video({ msid: text }),
      rid: video({ encodings: [{ rid: text }] }),
      'scalability mode': video({ encodings: [{ scalabilityMode: text }] }),
      'codec name': video({ codecs: [{ ...codec, mimeType: `video/${text}` }] }),
      'name of a parameter': video({ codecs: [{ ...codec, parameters: { [text]: 1 } }] }),
      'value of a parameter': video({ codecs: [{ ...codec, parameters: { x: text } }] }),
      feedback: video({ codecs: [{ ...codec, rtcpFeedback: [{ type: text }] }] }),
      extension: video({ headerExtensions: [{ ...extension, uri: text }] }),
    };
    for (const [where, parameters] of Object.entries(attempts)) {
      assert.ok(!takes(RtpParameters, parameters), `${JSON.stringify(text)} as ${where}`);
    }
  }
});

test('numbers are within what RTP has room for', () => {
  for (const change of [
    { codecs: [{ ...codec, payloadType: 128 }] },
    { codecs: [{ ...codec, payloadType: -1 }] },
    { codecs: [{ ...codec, payloadType: 96.5 }] },
    { codecs: [{ ...codec, clockRate: 2 ** 32 }] },
    { codecs: [{ ...codec, channels: 0 }] },
    { headerExtensions: [{ ...extension, id: 0 }] },
    { headerExtensions: [{ ...extension, id: 256 }] },
    { encodings: [{ ssrc: 2 ** 32 }] },
    { encodings: [{ ssrc: -1 }] },
    { encodings: [{ maxBitrate: Number.POSITIVE_INFINITY }] },
  ]) {
    assert.ok(!takes(RtpParameters, video(change)), JSON.stringify(change));
  }
});

test('a fingerprint is hexadecimal bytes of a hash that is known', () => {
  for (const wrong of [
    { ...fingerprint, algorithm: 'md5' },
    { ...fingerprint, value: 'AB' },
    { ...fingerprint, value: fingerprint.value.replaceAll(':', '') },
    { ...fingerprint, value: `${fingerprint.value}:XY` },
    { ...fingerprint, value: many(65, 'AB').join(':') },
  ]) {
    assert.ok(!takes(DtlsParameters, { fingerprints: [wrong] }), wrong.value);
  }
});

test('names of prototypes are names like any other, and change nothing', () => {
  const parameters = JSON.parse('{"__proto__": 1, "constructor": 2, "x": 3}');
  const parsed = v.safeParse(RtpParameters, video({ codecs: [{ ...codec, parameters }] }));
  assert.ok(parsed.success);
  assert.deepEqual(parsed.output.codecs[0]?.parameters, { x: 3 });
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

test('a track of sound is not described as one of pictures', () => {
  assert.ok(describesKind(audioParameters(), 'audio'));
  assert.ok(describesKind(videoParameters(), 'video'));
  assert.ok(!describesKind(audioParameters(), 'video'));
  const mixed = { ...videoParameters(), codecs: [codec, ...audioParameters().codecs] };
  assert.ok(!describesKind(mixed, 'video'));
  const shouted = { ...videoParameters(), codecs: [{ ...codec, mimeType: 'VIDEO/vp8' }] };
  assert.ok(describesKind(shouted, 'video'));
});

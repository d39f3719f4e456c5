// Messages that a hostile or broken client might send, as fast-check arbitraries.
import fc from 'fast-check';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { METHODS, type MethodName } from '../../../shared/protocol/protocol.ts';
import { audioParameters, videoParameters } from './rtp.ts';

/** The attacker's knowledge of others: ids that are not its own. */
export interface Loot {
  room: string;
  epoch: number;
  ownTrackIds: readonly string[];
  trackIds: readonly string[];
  participantIds: readonly string[];
}

export type HostileFrame = string | Uint8Array;

/** Values that parsers, stores and native code have stumbled over before. */
const NASTY: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  ' ',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '\u0000',
  '\u202eevil',
  'x'.repeat(10_000),
  '{"a":1}',
  [],
  [[]],
  {},
  { length: 1e9 },
  { toString: 'x' },
];
const nasty = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...NASTY) }, fc.jsonValue());

/** Parameters that would be accepted, or nearly, of every method. */
function plausible(loot: Loot): Record<MethodName, fc.Arbitrary<Record<string, unknown>>> {
  const trackId = fc.constantFrom(...loot.ownTrackIds, ...loot.trackIds, 'made-up-track-id');
  const participantId = fc.constantFrom(...loot.participantIds, 'made-up-person-id');
  const recordingId = fc.constantFrom('20261128T184512Z-h7q2m9x4kd', '../../etc/passwd', '');
  const epoch = fc.constantFrom(loot.epoch, loot.epoch - 1, 1);
  const direction = fc.constantFrom('send', 'recv');
  const fingerprint = { algorithm: 'sha-256', value: Array(32).fill('AB').join(':') };
  const empty = fc.constant({});
  return {
    join: fc.record({
      room: fc.constant(loot.room),
      name: fc.constantFrom('Eve', 'E'.repeat(65), '\u202eevE'),
      rtpCapabilities: fc.constant(ROUTER_RTP_CAPABILITIES),
    }),
    resume: fc.record({
      room: fc.constant(loot.room),
      participantId,
      resumeSecret: fc.base64String({ minLength: 1, maxLength: 60 }),
      version: fc.nat(),
      rtpCapabilities: fc.constant(ROUTER_RTP_CAPABILITIES),
    }),
    prepare: fc.record(
      { room: fc.constant(loot.room), token: fc.constantFrom('', 'a.b.c', 'x'.repeat(5_000)) },
      { requiredKeys: ['room'] },
    ),
    prepareConnect: fc.record({
      id: fc.oneof(fc.uuid(), trackId),
      direction,
      dtlsParameters: fc.constant({ role: 'client', fingerprints: [fingerprint] }),
    }),
    checkNetwork: fc.record(
      { room: fc.constant(loot.room), token: fc.constantFrom('', 'a.b.c', 'x'.repeat(5_000)) },
      { requiredKeys: [] },
    ),
    checkConnect: fc.record({
      id: fc.oneof(fc.uuid(), trackId),
      dtlsParameters: fc.constant({ role: 'client', fingerprints: [fingerprint] }),
    }),
    checkEnd: empty,
    renewRejoin: empty,
    leave: empty,
    ping: empty,
    snapshot: empty,
    participants: fc.record(
      {
        search: fc.constantFrom('', 'Eve', '\u0000', 'x'.repeat(65)),
        offset: fc.constantFrom(0, 1, -1, 1e9),
        limit: fc.constantFrom(0, 1, 100, 101),
        with: fc.constantFrom('pictures', 'nothing'),
      },
      { requiredKeys: ['offset', 'limit'] },
    ),
    connect: fc.record({
      epoch,
      direction,
      dtlsParameters: fc.constant({ role: 'client', fingerprints: [fingerprint] }),
    }),
    restartIce: fc.record({ epoch, direction }),
    path: fc.record({
      epoch,
      direction,
      path: fc.record({
        kind: fc.constantFrom('direct', 'relay', 'none'),
        protocol: fc.constantFrom('udp', 'tcp', 'tls', null),
        server: fc.constantFrom('turn:relay.example.org:3478?transport=udp', null),
        roundTripMs: fc.oneof(fc.nat(100_000), fc.constant(null)),
      }),
      refusals: fc.array(
        fc.record({ url: fc.constant('turn:relay.example.org:3478'), code: fc.nat(900) }),
        { maxLength: 10 },
      ),
    }),
    rebuildMedia: fc.record({ epoch }),
    publish: fc.record({
      epoch,
      trackId,
      kind: fc.constantFrom('audio', 'video'),
      source: fc.constantFrom('microphone', 'camera', 'screen', 'screen-audio'),
      muted: fc.boolean(),
      rtpParameters: fc.constantFrom(audioParameters(), videoParameters()),
    }),
    unpublish: fc.record({ trackId }),
    mute: fc.record({ trackId, muted: fc.boolean() }),
    subscribe: fc.record({
      preferences: fc.dictionary(
        trackId,
        fc.record({ paused: fc.boolean(), spatialLayer: fc.nat(9) }, { requiredKeys: [] }),
      ),
    }),
    speaking: fc.record({ epoch, trackId }),
    ready: fc.record({ epoch, consumerIds: fc.array(fc.uuid(), { maxLength: 5 }) }),
    settled: fc.record({ epoch }),
    chat: fc.record({ id: trackId, text: fc.string({ minLength: 1, maxLength: 50 }) }),
    startRecording: empty,
    pauseRecording: fc.record({ recordingId, paused: fc.boolean() }),
    stopRecording: fc.record({ recordingId }),
    consent: fc.record({ consent: fc.boolean() }),
    recordingAccess: empty,
    muteOther: fc.record({ trackId }),
    remove: fc.record({ participantId }),
  };
}

/** Replaces one value in it by a bad one, at any depth. */
function spoiled(value: unknown, path: number, by: unknown): unknown {
  if (typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  if (keys.length === 0) return by;
  const key = keys[path % keys.length] ?? '';
  const inner = (value as Record<string, unknown>)[key];
  const replacement = path % 3 === 0 ? by : spoiled(inner, Math.floor(path / 3), by);
  if (Array.isArray(value)) return value.with(Number(key), replacement);
  return { ...value, [key]: replacement };
}

/** @param knows called for each message; returns the attacker's knowledge so far */
export function hostileFrame(loot: Loot): fc.Arbitrary<HostileFrame> {
  const methods = Object.keys(METHODS) as MethodName[];
  const forms = plausible(loot);
  // Leaving ends the attack on the room: rarely.
  const method = fc.constantFrom(...methods.filter((name) => name !== 'leave'), ...methods);
  const id = fc.oneof({ weight: 8, arbitrary: fc.nat() }, nasty);
  const call = method.chain((name) =>
    fc.record({ id, method: fc.constant(name), params: forms[name] }),
  );
  const frame = (value: unknown) => JSON.stringify(value) ?? 'undefined';
  return fc.oneof(
    { weight: 8, arbitrary: call.map(frame) },
    {
      weight: 10,
      arbitrary: fc
        .tuple(call, fc.nat(), nasty)
        .map(([message, path, by]) =>
          frame({ ...message, params: spoiled(message.params, path, by) }),
        ),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ id, method: fc.constantFrom('__proto__', 'constructor', 'toString', 'eval', '') })
        .map(frame),
    },
    { weight: 3, arbitrary: nasty.map(frame) },
    { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        '{"id":1,"method":"mute","params":{"__proto__":{"trackId":"x"},"muted":true}}',
        '{"__proto__":{"id":1,"method":"leave"},"params":{}}',
        '{"id":1,"id":2,"method":"ping","method":"leave","params":{}',
        `${'['.repeat(3_000)}${']'.repeat(3_000)}`,
        `{"id":1,"method":"chat","params":${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}}`,
      ),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    // Over the limit that is answered, under the one that cuts the socket.
    {
      weight: 1,
      arbitrary: fc.constant(`{"id":1,"method":"chat","params":"${'y'.repeat(70_000)}"}`),
    },
  );
}

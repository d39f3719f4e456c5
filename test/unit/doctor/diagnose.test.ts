// From facts to causes: what the doctor says of clocks and TURN servers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClockBound,
  type ClockSample,
  diagnoseClock,
} from '../../../server/doctor/diagnoses/clock.ts';
import { diagnoseTurn, type TurnUrlFacts } from '../../../server/doctor/diagnoses/turn.ts';
import type { ProbeFailure, ProbeResult } from '../../../server/turn/probe/probe.ts';

const redis = (offsetMs: number): ClockSample => ({ source: 'Redis', offsetMs, uncertaintyMs: 10 });
const web = (offsetMs: number): ClockSample => ({ source: 'web', offsetMs, uncertaintyMs: 1_500 });
const turn = (ours: ClockBound['ours']): ClockBound => ({ source: 'TURN', ours });
const HOUR = 3_600_000;

const CLOCKS: readonly [ClockSample[], ClockBound[], string, RegExp][] = [
  [[], [], 'skipped', /no other clock/],
  [[redis(0)], [], 'ok', /Redis/],
  [[redis(4_900), web(-900)], [turn('right')], 'ok', /Redis, web, TURN/],
  [[redis(6_000)], [], 'warning clock_drifts', /6 s ahead of Redis/],
  [[redis(-59_000)], [turn('right')], 'warning clock_drifts', /59 s behind Redis/],
  [[web(6_000)], [], 'ok', /web/],
  [[redis(HOUR)], [], 'failed clock_off', /3600 s ahead of Redis/],
  [
    [redis(-HOUR), web(-HOUR)],
    [turn('behind')],
    'failed clock_off',
    /3600 s behind Redis, 3600 s behind web, more than a minute behind TURN/,
  ],
  [[], [turn('ahead')], 'failed clock_off', /ahead of TURN/],
  [[redis(HOUR), web(0)], [], 'warning clocks_differ', /right by web/],
  [[redis(0)], [turn('behind')], 'warning clocks_differ', /right by Redis/],
];

test('clocks are compared', () => {
  for (const [samples, bounds, expected, detail] of CLOCKS) {
    const verdict = diagnoseClock(samples, bounds);
    const { state, cause } = verdict;
    assert.equal([state, cause].filter((word) => word !== undefined).join(' '), expected);
    assert.match(verdict.detail, detail);
  }
});

const failure = (name: ProbeFailure): ProbeResult => ({
  ok: false,
  failure: name,
  message: 'It failed.',
});
const success: ProbeResult = {
  ok: true,
  roundTripMs: 20,
  mapped: { address: '203.0.113.1', port: 5 },
  relayed: { address: '203.0.113.10', port: 6 },
};
const URL_FACTS: TurnUrlFacts = {
  url: 'turn:turn.example.org?transport=udp',
  auth: 'secret',
  id: 'turn.example.org:3478',
  source: 'variables',
  result: success,
  lasting: undefined,
  mediaIsClosed: false,
};

const TURN: readonly [Partial<TurnUrlFacts>, string][] = [
  [{}, 'ok'],
  [{ result: failure('unauthorized'), lasting: failure('unauthorized') }, 'failed wrong_secret'],
  [{ result: failure('unauthorized'), lasting: success }, 'failed clock_off'],
  [{ result: failure('unauthorized'), auth: 'static' }, 'failed wrong_password'],
  [{ result: failure('refused_connection') }, 'failed turn_down'],
  [{ result: failure('timeout') }, 'failed turn_down'],
  [{ result: failure('unresolvable') }, 'failed unresolvable'],
  [{ result: failure('tls') }, 'failed tls'],
  [{ result: failure('quota') }, 'failed quota'],
  [{ result: failure('forbidden') }, 'failed peer_denied'],
  [{ result: failure('unsupported') }, 'failed unsupported'],
  [{ result: failure('protocol') }, 'failed not_turn'],
  [{ result: failure('relay_blocked') }, 'failed relay_blocked'],
  [{ result: failure('relay_blocked'), mediaIsClosed: true }, 'warning relay_blocked'],
];

test('TURN servers that do not serve have a cause and a remedy', () => {
  for (const [facts, expected] of TURN) {
    const { state, cause, remedy } = diagnoseTurn({ ...URL_FACTS, ...facts });
    assert.equal([state, cause].filter((word) => word !== undefined).join(' '), expected);
    assert.equal(remedy !== undefined, cause !== undefined);
  }
});

const REFUSED = [
  ['static', 'variables', /Correct TURN_USERNAME and TURN_PASSWORD\./],
  ['static', 'pool', /password of turn\.example\.org:3478 in TURN_POOL/],
  ['static', 'operator', /turn add .*--id turn\.example\.org:3478 --username .*--password-file/],
  ['static', 'elsewhere', /environment of another media server: correct TURN_USERNAME/],
  ['secret', 'variables', /Correct TURN_SHARED_SECRET\..*static-auth-secret/],
  ['secret', 'pool', /the secret of turn\.example\.org:3478 in TURN_POOL/],
  ['secret', 'operator', /turn add .*--id turn\.example\.org:3478 --secret-file/],
] as const;

test('what to correct is where the server came from', () => {
  for (const [auth, source, expected] of REFUSED) {
    const refused = failure('unauthorized');
    const { remedy = '' } = diagnoseTurn({ ...URL_FACTS, result: refused, auth, source });
    assert.match(remedy, expected);
    assert.equal(remedy.includes('TURN_POOL'), source === 'pool' || source === 'elsewhere');
  }
});

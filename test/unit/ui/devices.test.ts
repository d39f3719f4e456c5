// What is said about devices that cannot be had, and how devices are listed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserOf, systemOf } from '../../../client/ui/media/browser-facts.ts';
import { constraintsFor } from '../../../client/ui/media/constraints.ts';
import {
  type BrowserFacts,
  type DeviceKind,
  describeFailures,
  deviceProblem,
} from '../../../client/ui/media/device-problem.ts';
import { listDevices } from '../../../client/ui/media/devices.ts';
import { meterLevel } from '../../../client/ui/media/level.ts';
import { isMirrored } from '../../../client/ui/media/mirror.ts';

const FACTS: BrowserFacts = { secure: true, capture: true, browser: 'chrome', system: 'other' };
const BOTH: DeviceKind[] = ['camera', 'microphone'];

function error(name: string, message = ''): DOMException {
  return new DOMException(message, name);
}

describe('deviceProblem', () => {
  const cases: [error: DOMException, kinds: DeviceKind[], title: string, advice: RegExp][] = [
    [
      error('NotAllowedError', 'Permission denied'),
      BOTH,
      'Your browser blocks the camera and microphone here',
      /icon left of the address/,
    ],
    [
      error('NotAllowedError', 'Permission denied by system'),
      ['microphone'],
      'Your system blocks the microphone for this browser',
      /settings/,
    ],
    [
      error('NotAllowedError', 'Permission dismissed'),
      ['camera'],
      'Your camera is not allowed yet',
      /choose Allow/,
    ],
    [error('NotFoundError'), BOTH, 'No camera or microphone was found', /without/],
    [error('NotFoundError'), ['camera'], 'No camera was found', /Plug one in/],
    [error('OverconstrainedError'), ['camera'], 'No camera was found', /Plug one in/],
    [
      error('NotReadableError'),
      ['microphone'],
      'Your microphone is used by another app',
      /pick another one/,
    ],
    [error('AbortError'), ['camera'], 'Your camera is used by another app', /Close it/],
    [error('SomethingNew'), ['camera'], 'Your camera did not start', /Try again/],
  ];
  for (const [thrown, kinds, title, advice] of cases) {
    test(`${thrown.name} "${thrown.message}" of ${kinds.join(' and ')}`, () => {
      const problem = deviceProblem(thrown, kinds, FACTS);
      assert.equal(problem.title, title);
      assert.match(problem.advice, advice);
      assert.ok(problem.retry);
    });
  }

  test('an insecure page says how to open it, and how to start the server', () => {
    const facts = { ...FACTS, secure: false, capture: false };
    const problem = deviceProblem(new TypeError(), BOTH, facts);
    assert.equal(problem.reason, 'insecure');
    assert.match(problem.advice, /https.*localhost.*npm start -- --https/);
    assert.equal(problem.retry, false);
  });

  test('a secure page without capture is an old browser', () => {
    const problem = deviceProblem(new TypeError(), BOTH, { ...FACTS, capture: false });
    assert.equal(problem.reason, 'unsupported');
  });

  test('each browser and system has a hint of its own', () => {
    const hints = new Set<string>();
    for (const browser of ['chrome', 'firefox', 'safari', 'other'] as const) {
      hints.add(deviceProblem(error('NotAllowedError'), BOTH, { ...FACTS, browser }).advice);
    }
    for (const system of ['android', 'ios'] as const) {
      hints.add(deviceProblem(error('NotAllowedError'), BOTH, { ...FACTS, system }).advice);
    }
    assert.equal(hints.size, 6);
  });

  test('never an error code, never a cry', () => {
    for (const name of ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'Whatever']) {
      const { title, advice } = deviceProblem(error(name, 'secret detail'), BOTH, FACTS);
      assert.doesNotMatch(`${title} ${advice}`, /Error|secret|oops|!/i);
    }
  });
});

describe('describeFailures', () => {
  const denied = error('NotAllowedError');
  test('what failed in the same way is said once', () => {
    const problems = describeFailures(
      BOTH.map((kind) => ({ kind, error: denied })),
      FACTS,
    );
    assert.deepEqual(
      problems.map(({ title }) => title),
      ['Your browser blocks the camera and microphone here'],
    );
  });
  test('what failed in two ways is said twice', () => {
    const failures = [
      { kind: 'camera', error: error('NotFoundError') },
      { kind: 'microphone', error: denied },
    ] as const;
    assert.equal(describeFailures(failures, FACTS).length, 2);
  });
  test('nothing failed', () => {
    assert.deepEqual(describeFailures([], FACTS), []);
  });
});

describe('browser facts', () => {
  const agents = [
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
      'chrome',
      'other',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
      'chrome',
      'windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0',
      'firefox',
      'mac',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
      'safari',
      'mac',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
      'safari',
      'ios',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
      'chrome',
      'android',
    ],
  ] as const;
  for (const [agent, browser, system] of agents) {
    test(`${browser} on ${system}`, () => {
      assert.equal(browserOf(agent), browser);
      assert.equal(systemOf(agent), system);
    });
  }
});

test('listDevices names every device and leaves out those without an id', () => {
  const info = (kind: MediaDeviceInfo['kind'], deviceId: string, label = '') => ({
    kind,
    deviceId,
    label,
    groupId: '',
  });
  const devices = listDevices([
    info('videoinput', ''),
    info('audioinput', 'a', 'Logitech C920 (046d:082d)'),
    info('audioinput', 'b'),
    info('audiooutput', 'c', ' Speakers '),
  ]);
  assert.deepEqual(devices, {
    cameras: [],
    microphones: [
      { id: 'a', label: 'Logitech C920' },
      { id: 'b', label: 'Microphone 2' },
    ],
    speakers: [{ id: 'c', label: 'Speakers' }],
  });
});

test('a device used last time is preferred; one that is chosen is meant', () => {
  assert.deepEqual(constraintsFor('microphone', 'a').deviceId, { ideal: 'a' });
  assert.deepEqual(constraintsFor('camera', 'a', true).deviceId, { exact: 'a' });
  assert.equal(constraintsFor('camera', '').deviceId, undefined);
});

test('the own camera is mirrored unless it looks away', () => {
  const mirrored = (facingMode?: string) =>
    isMirrored({ getSettings: () => (facingMode === undefined ? {} : { facingMode }) });
  assert.deepEqual([mirrored(), mirrored('user'), mirrored('environment')], [true, true, false]);
});

test('meterLevel goes from silence to full scale', () => {
  const tone = (amplitude: number) =>
    Float32Array.from({ length: 1024 }, (_, index) => amplitude * Math.sin(index / 5));
  assert.equal(meterLevel(tone(0)), 0);
  assert.equal(meterLevel(tone(1)), 1);
  const levels = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3].map((amplitude) =>
    meterLevel(tone(amplitude)),
  );
  assert.deepEqual(
    levels,
    levels.toSorted((a, b) => a - b),
  );
  assert.equal(meterLevel(new Float32Array(0)), 0);
});

// What happens to devices while they are in use: which are opened again, and what is said.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type CaptureFacts,
  type ComeBack,
  comeBack,
  type ListedDevice,
} from '../../../../client/ui/media/changes/come-back.ts';
import { type DeviceNews, newsText } from '../../../../client/ui/media/changes/news.ts';
import { speakerChange } from '../../../../client/ui/media/changes/speaker.ts';
import { type BrowserFacts, deviceProblem } from '../../../../client/ui/media/device-problem.ts';
import { speakerInUse } from '../../../../client/ui/media/local-media.ts';

const FACTS: BrowserFacts = { secure: true, capture: true, browser: 'chrome', system: 'other' };
const named = (name: string) => new DOMException('', name);

describe('comeBack', () => {
  const mic = (deviceId: string, groupId = deviceId): ListedDevice => ({
    kind: 'audioinput',
    deviceId,
    groupId,
  });
  const open = (deviceId: string, groupId = deviceId) => ({ deviceId, groupId });
  const base: CaptureFacts = {
    kind: 'microphone',
    wanted: true,
    preferred: 'headset',
    open: open('laptop'),
    error: undefined,
  };
  const cases: [
    name: string,
    facts: Partial<CaptureFacts>,
    before: ListedDevice[],
    now: ListedDevice[],
    expected: ComeBack,
  ][] = [
    [
      'the preferred one is back',
      {},
      [mic('laptop')],
      [mic('laptop'), mic('headset')],
      { device: 'headset' },
    ],
    ['it is used already', { open: open('headset') }, [mic('laptop')], [mic('headset')], undefined],
    ['it was there all the time', {}, [mic('headset')], [mic('headset'), mic('new')], undefined],
    ['another one came', {}, [mic('laptop')], [mic('laptop'), mic('new')], undefined],
    [
      'nothing is preferred',
      { preferred: '' },
      [mic('laptop')],
      [mic('laptop'), mic('new')],
      undefined,
    ],
    ['ids come with the permission', {}, [mic('')], [mic('laptop'), mic('headset')], undefined],
    [
      'a camera of the same id is no microphone',
      {},
      [mic('laptop')],
      [mic('laptop'), { ...mic('headset'), kind: 'videoinput' }],
      undefined,
    ],
    ['it is switched off', { wanted: false, open: undefined }, [], [mic('headset')], undefined],
    [
      'there was none',
      { open: undefined, error: named('NotFoundError') },
      [],
      [mic('laptop')],
      'any',
    ],
    ['there is still none', { open: undefined, error: named('NotFoundError') }, [], [], undefined],
    [
      'it was exact and gone',
      { open: undefined, error: named('OverconstrainedError') },
      [],
      [mic('laptop')],
      'any',
    ],
    [
      'it was busy',
      { open: undefined, error: named('NotReadableError') },
      [mic('laptop')],
      [mic('laptop'), mic('new')],
      'any',
    ],
    [
      'the user said no',
      { open: undefined, error: named('NotAllowedError') },
      [],
      [mic('laptop')],
      undefined,
    ],
    ['it is being opened', { open: undefined }, [], [mic('laptop')], undefined],
    [
      "the system's default is another device",
      { preferred: '', open: open('default', 'laptop') },
      [mic('default', 'laptop')],
      [mic('default', 'headset'), mic('headset')],
      { device: 'default' },
    ],
    [
      "the system's default is what it was",
      { preferred: '', open: open('default', 'laptop') },
      [mic('default', 'laptop')],
      [mic('default', 'laptop'), mic('headset')],
      undefined,
    ],
  ];
  for (const [name, facts, before, now, expected] of cases) {
    test(name, () => assert.deepEqual(comeBack({ ...base, ...facts }, before, now), expected));
  }
});

describe('the speaker', () => {
  const box = { id: 'box', label: 'Box' };
  const laptop = { id: 'laptop', label: 'Laptop' };
  test('the chosen one is used while it is there', () => {
    const listed = (kind: MediaDeviceInfo['kind'], { id }: typeof box) => ({ kind, deviceId: id });
    const own = listed('audiooutput', laptop);
    assert.equal(speakerInUse('box', [own, listed('audiooutput', box)]), 'box');
    assert.equal(speakerInUse('box', [own, listed('audioinput', box)]), '');
    assert.equal(speakerInUse('', [own]), '');
  });
  test('what became of it is told once', () => {
    const lost = { type: 'speaker-lost', label: 'Box' };
    assert.deepEqual(speakerChange('box', [laptop, box], [laptop]), lost);
    assert.deepEqual(speakerChange('box', [box], []), lost);
    assert.deepEqual(speakerChange('box', [laptop], [laptop, box]), {
      type: 'speaker-back',
      label: 'Box',
    });
    assert.equal(speakerChange('box', [laptop], [laptop]), undefined);
    assert.equal(speakerChange('', [box], []), undefined);
  });
  test('names that come with a permission are no return', () => {
    assert.equal(speakerChange('box', [], [laptop, box]), undefined);
  });
});

describe('newsText', () => {
  const refused = (name: string, left = true): DeviceNews => ({
    type: 'refused',
    kind: 'camera',
    label: 'Webcam',
    error: named(name),
    left,
  });
  const cases: [news: DeviceNews, text: string][] = [
    [
      refused('NotReadableError'),
      'Webcam is used by another app. Your camera goes on with the one before. Close it there and choose it again.',
    ],
    [
      refused('OverconstrainedError'),
      'Webcam is not there any more. Your camera goes on with the one before. Try again, or choose another one.',
    ],
    [refused('Strange', false), 'Webcam did not start. Try again, or choose another one.'],
    [
      { type: 'lost', kind: 'microphone', instead: 'Laptop' },
      'Your microphone was unplugged. Laptop is used now.',
    ],
    [
      { type: 'lost', kind: 'camera', instead: undefined },
      'Your camera was unplugged. It is used again once it is back.',
    ],
  ];
  for (const [news, text] of cases) {
    test(text, () => assert.equal(newsText(news, FACTS).text, text));
  }
});

test('a permission that was taken back is called that', () => {
  const error = new DOMException('Permission revoked', 'NotAllowedError');
  const { reason, title, retry } = deviceProblem(error, ['microphone'], FACTS);
  assert.deepEqual(
    [reason, title, retry],
    ['revoked', 'The permission for your microphone was taken back', true],
  );
});

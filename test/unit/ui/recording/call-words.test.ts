// The recording of a call in words: what is shown, said and asked, and when.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  changeText,
  elapsedText,
  isAsked,
  isRecorded,
  recordingOf,
  startedText,
  statusText,
} from '../../../../client/ui/call/recording/words.ts';
import { emptyRoom, type Participant, type RoomRecording } from '../../../../shared/room/room.ts';

const RUNNING: RoomRecording = {
  id: '20261128T184512Z-h7q2m9x4kd',
  startedAt: 1_795_891_512_000,
  startedBy: 'participant-1',
  paused: false,
};
const PAUSED = { ...RUNNING, paused: true };
const OTHER = { ...RUNNING, id: '20261128T194512Z-h7q2m9x4kd' };
const SELF: Participant = {
  ...{ id: 'participant-1', name: 'Ann', role: 'guest', joinedAt: 0, online: true },
};
const TROUBLED: RoomRecording = { ...RUNNING, trouble: 'full' };
const ASKS = { allowed: false, askConsent: true, audible: false };

test('a server that does not record says nothing of recordings', () => {
  assert.equal(recordingOf(emptyRoom('blue')), undefined);
  assert.equal(recordingOf({ ...emptyRoom('blue'), recordings: [] }), undefined);
  assert.equal(recordingOf({ ...emptyRoom('blue'), recordings: [RUNNING] }), RUNNING);
});

test('the status has the words that everybody reads', () => {
  assert.equal(statusText(RUNNING), 'Recording');
  assert.equal(statusText(PAUSED), 'Recording paused');
  assert.equal(statusText(TROUBLED), 'Recording is not saved');
  const short = [RUNNING, PAUSED, TROUBLED].map((each) => statusText(each, true));
  assert.deepEqual(short, ['Recording', 'Paused', 'Not saved']);
});

describe('each change is said once', () => {
  const cases: [string, Parameters<typeof changeText>, string | undefined][] = [
    ['a start', [undefined, RUNNING, 'Ann'], 'Ann started a recording.'],
    ['a start by nobody in the call', [undefined, RUNNING, undefined], 'A recording has started.'],
    ['a pause', [RUNNING, PAUSED, 'Ann'], 'The recording is paused.'],
    ['going on', [PAUSED, RUNNING, 'Ann'], 'The recording goes on.'],
    [
      'trouble',
      [RUNNING, TROUBLED, 'Ann'],
      'The recording is not saved at the moment. The call goes on. The server has no room left for recordings. Tell whoever runs it.',
    ],
    ['its end', [TROUBLED, RUNNING, 'Ann'], 'The recording is saved again.'],
    ['a stop', [PAUSED, undefined, undefined], 'The recording has stopped.'],
    ['another one in its place', [RUNNING, OTHER, 'Bo'], 'Bo started a recording.'],
    ['nothing', [RUNNING, { ...RUNNING }, 'Ann'], undefined],
    ['still nothing', [undefined, undefined, undefined], undefined],
  ];
  for (const [name, given, expected] of cases) {
    test(name, () => assert.equal(changeText(...given), expected));
  }
});

test('who started it is said while they are known', () => {
  assert.equal(startedText('Ann', '10:32'), 'Started by Ann at 10:32');
  assert.equal(startedText(undefined, '10:32'), 'Started at 10:32');
});

test('the time since the start', () => {
  const cases: [ms: number, text: string][] = [
    [-5_000, '0:00'],
    [0, '0:00'],
    [59_999, '0:59'],
    [60_000, '1:00'],
    [3_599_000, '59:59'],
    [3_723_000, '1:02:03'],
    [36_000_000, '10:00:00'],
  ];
  for (const [ms, text] of cases) assert.equal(elapsedText(ms), text);
});

test('whoever is asked is recorded after they agreed, and not before', () => {
  assert.ok(isRecorded(undefined, SELF));
  assert.ok(isRecorded({ ...ASKS, askConsent: false }, { ...SELF, consent: false }));
  assert.ok(!isRecorded(ASKS, SELF));
  assert.ok(!isRecorded(ASKS, { ...SELF, consent: false }));
  assert.ok(isRecorded(ASKS, { ...SELF, consent: true }));
});

test('the question is there while a recording runs, until it is answered', () => {
  assert.ok(isAsked(ASKS, RUNNING, SELF));
  assert.ok(isAsked(ASKS, PAUSED, SELF));
  assert.ok(!isAsked(ASKS, undefined, SELF));
  assert.ok(!isAsked(ASKS, RUNNING, { ...SELF, consent: false }));
  assert.ok(!isAsked(ASKS, RUNNING, { ...SELF, consent: true }));
  assert.ok(!isAsked({ ...ASKS, askConsent: false }, RUNNING, SELF));
  assert.ok(!isAsked(undefined, RUNNING, SELF));
});

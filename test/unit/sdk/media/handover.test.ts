// When an older media session may go, and when it must.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import {
  Handover,
  type HandoverFacts,
  overlapOf,
} from '../../../../client/sdk/handover/handover.ts';

const OVERLAP_MS = 2_000;
const LIMIT_MS = 10_000;

const READY: HandoverFacts = { isShownFromOlder: false, isSending: true, isOlderBroken: false };

const CASES: readonly [string, Partial<HandoverFacts>, number | undefined][] = [
  ['seen and sent on the newest', {}, OVERLAP_MS],
  ['something is seen on the older only', { isShownFromOlder: true }, undefined],
  ['nothing is sent on the newest yet', { isSending: false }, undefined],
  ['the others do not see us on the older anyway', { isOlderBroken: true }, 0],
  ['not even while the newest sends nothing', { isOlderBroken: true, isSending: false }, 0],
  [
    'a frozen picture is better than none',
    { isOlderBroken: true, isShownFromOlder: true },
    undefined,
  ],
];

for (const [title, facts, expected] of CASES) {
  test(`the overlap: ${title}`, () => assert.equal(overlapOf({ ...READY, ...facts }), expected));
}

let story: string[];
let handover: Handover<string>;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  story = [];
  handover = new Handover({
    onComplete: () => story.push('complete'),
    onLimit: (session) => story.push(`limit of ${session}`),
  });
});

test('the overlap runs once, however often things change meanwhile', () => {
  handover.review(READY);
  mock.timers.tick(OVERLAP_MS - 1);
  handover.review(READY);
  mock.timers.tick(1);
  assert.deepEqual(story, ['complete']);
});

test('an overlap is given up when the older one is needed again, and begins anew', () => {
  handover.review(READY);
  mock.timers.tick(OVERLAP_MS - 1);
  handover.review({ ...READY, isShownFromOlder: true });
  mock.timers.tick(OVERLAP_MS);
  assert.deepEqual(story, []);
  handover.review(READY);
  mock.timers.tick(OVERLAP_MS);
  assert.deepEqual(story, ['complete']);
});

test('a third session that comes in the overlap keeps the second', () => {
  handover.supersede();
  handover.review(READY);
  mock.timers.tick(OVERLAP_MS - 1);
  handover.supersede();
  mock.timers.tick(OVERLAP_MS);
  assert.deepEqual(story, [], 'what is older now was the newest when the overlap began');
});

test('a path that is lost in the overlap ends it', () => {
  handover.review(READY);
  handover.review({ ...READY, isOlderBroken: true });
  mock.timers.tick(0);
  assert.deepEqual(story, ['complete']);
});

test('a session that carries has no limit, however long the newer one takes', () => {
  handover.supersede();
  for (let minute = 0; minute < 5; minute++) {
    handover.carries('one', true);
    handover.review({ ...READY, isShownFromOlder: true });
    mock.timers.tick(60_000);
  }
  assert.deepEqual(story, []);
});

test('each session has its own limit, from when it lost its paths, unless they come back', () => {
  handover.carries('one', false);
  mock.timers.tick(LIMIT_MS / 2);
  handover.carries('one', false);
  handover.carries('two', false);
  handover.carries('three', false);
  mock.timers.tick(LIMIT_MS / 2);
  assert.deepEqual(story, ['limit of one']);
  handover.carries('three', true);
  mock.timers.tick(LIMIT_MS);
  assert.deepEqual(story, ['limit of one', 'limit of two']);
});

test('a session that is gone has no limit, and after close nothing happens', () => {
  handover.carries('one', false);
  handover.carries('two', false);
  handover.forget('one');
  handover.review(READY);
  handover.close();
  mock.timers.tick(60_000);
  assert.deepEqual(story, []);
});

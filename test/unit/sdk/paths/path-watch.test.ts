// What is told of a transport's path and when; and how a relay that goes away is left.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Retries } from '../../../../client/sdk/link/retries.ts';
import { PathWatch } from '../../../../client/sdk/paths/path-watch.ts';
import { ParleyError } from '../../../../shared/errors.ts';
import type { PathReport, TurnRefusal } from '../../../../shared/protocol/media-messages.ts';

const A = 'turn:a.example:3478?transport=udp';
const B = 'turn:b.example:3478?transport=udp';
const SOON_MS = 1_000;
const DOWN_MS = 2_000;
const FIRST_PATH_MS = 8_000;
const LEAVE_MS = 4_000;

let now: number;
let told: { path: PathReport; refusals: readonly TurnRefusal[] }[];
let story: string[];
/** What the server does with a report. */
let answer: () => Promise<unknown>;
let stats: Map<string, unknown>;
let watch: PathWatch;

const relayed = (url: string | undefined) =>
  pathStats({ candidateType: 'relay', relayProtocol: 'udp', url });
const direct = () => pathStats({ candidateType: 'host', protocol: 'udp' });
let packets = 0;
function pathStats(candidate: object) {
  const pair = { id: 'P', type: 'candidate-pair', selected: true, localCandidateId: 'L' };
  return new Map<string, unknown>([
    ['P', { ...pair, bytesReceived: packets, bytesSent: packets }],
    ['L', { id: 'L', type: 'local-candidate', ...candidate }],
  ]);
}

async function pass(ms: number): Promise<void> {
  // In steps, so that what one timer begins can end before the next one.
  for (let left = ms; left > 0; left -= 100) {
    now += Math.min(100, left);
    mock.timers.tick(Math.min(100, left));
    await turn();
  }
}

beforeEach(() => {
  mock.reset();
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  now = 1_000;
  mock.method(performance, 'now', () => now);
  told = [];
  story = [];
  packets = 0;
  answer = async () => ({});
  stats = direct();
  watch = new PathWatch({
    stats: async () => stats,
    retries: new Retries(),
    key: 'path send',
    report: (path, refusals) => {
      told.push({ path, refusals });
      return answer();
    },
    restartIce: async () => void story.push('restart'),
    rebuild: () => story.push('rebuild'),
    onChange: () => story.push(watch.path.kind),
    expects: () => 'surely',
    onPulse: (isAlive) => story.push(isAlive ? 'alive' : 'stalled'),
  });
});

const kinds = () => told.map(({ path }) => path.kind);

test('reported a moment after the path was found, and then only when it changes', async () => {
  watch.onState('connecting');
  watch.onState('connected');
  await pass(SOON_MS - 100);
  assert.deepEqual(kinds(), [], 'nothing is told while the first picture is on its way');
  await pass(100);
  assert.deepEqual(kinds(), ['direct']);
  await pass(60_000);
  assert.deepEqual(kinds(), ['direct']);
  stats = relayed(A);
  await pass(10_000);
  assert.deepEqual(kinds(), ['direct', 'relay']);
  assert.equal(told.at(-1)?.path.server, A);
  assert.deepEqual(story, ['direct', 'relay']);
});

test('a blink is no loss; what lasts longer is', async () => {
  watch.onState('connected');
  await pass(SOON_MS);
  watch.onState('disconnected');
  await pass(DOWN_MS - 100);
  watch.onState('connected');
  await pass(20_000);
  assert.deepEqual(kinds(), ['direct']);
  watch.onState('disconnected');
  await pass(DOWN_MS);
  assert.deepEqual(kinds(), ['direct', 'none']);
  watch.onState('connected');
  await pass(SOON_MS);
  assert.deepEqual(kinds(), ['direct', 'none', 'direct']);
});

test('a path that is never found is told, with who refused', async () => {
  watch.onState('connecting');
  watch.onIceError({ url: A, errorCode: 701 });
  await pass(FIRST_PATH_MS);
  assert.deepEqual(told, [
    {
      path: { kind: 'none', protocol: null, server: null, roundTripMs: null },
      refusals: [{ url: A, code: 701 }],
    },
  ]);
});

test('a loss on the way to the first path is not waited for twice', async () => {
  watch.onState('connecting');
  await pass(1_000);
  watch.onState('failed');
  await pass(DOWN_MS);
  assert.deepEqual(kinds(), ['none']);
});

test('what nothing uses is not told of', async () => {
  watch.resync();
  await pass(60_000);
  assert.deepEqual(kinds(), []);
});

test('what the socket lost is said again, when there is one', async () => {
  answer = async () => {
    throw new ParleyError('unreachable');
  };
  watch.onState('connected');
  watch.onIceError({ url: A, errorCode: 401 });
  await pass(SOON_MS);
  answer = async () => ({});
  watch.resync();
  await pass(100);
  assert.deepEqual(kinds(), ['direct', 'direct']);
  assert.deepEqual(told.at(-1)?.refusals, [{ url: A, code: 401 }]);
  watch.resync();
  await pass(60_000);
  assert.deepEqual(kinds(), ['direct', 'direct'], 'what it knows is not said again');
});

test('a refusal alone is news too', async () => {
  watch.onState('connected');
  await pass(SOON_MS);
  watch.onIceError({ url: A, errorCode: 486 });
  await pass(20_000);
  assert.deepEqual(told.at(-1)?.refusals, [{ url: A, code: 486 }]);
  assert.equal(told.length, 2);
});

const LEAVING: [string, () => Map<string, unknown>, string[]][] = [
  ['the relay in use is not among the new ones', () => relayed(B), ['relay', 'restart']],
  ['it is among them', () => relayed(A), ['relay']],
  ['the browser does not say which it is', () => relayed(undefined), ['relay', 'restart']],
  ['the path is direct', direct, ['direct']],
];
for (const [title, path, expected] of LEAVING) {
  test(`the servers change: ${title}`, async () => {
    stats = path();
    watch.onState('connected');
    watch.allow([{ urls: [A] }]);
    await turn();
    stats = relayed(A);
    await pass(60_000);
    assert.deepEqual(story.slice(0, expected.length), expected);
    assert.equal(
      story.filter((each) => each === 'restart').length,
      expected.includes('restart') ? 1 : 0,
    );
  });
}

test('a restart that does not lead away is followed by other transports, once', async () => {
  stats = relayed(B);
  watch.onState('connected');
  watch.allow([{ urls: [A] }]);
  await pass(LEAVE_MS - 500);
  assert.deepEqual(story, ['relay', 'restart']);
  await pass(60_000);
  assert.deepEqual(story, ['relay', 'restart', 'rebuild']);
});

test('servers that change while a relayed path is down are tried at once', async () => {
  stats = relayed(B);
  watch.onState('connected');
  await pass(SOON_MS);
  watch.onState('disconnected');
  watch.allow([{ urls: [A] }]);
  assert.deepEqual(story, ['relay', 'restart']);
});

test('servers that change before there is a path count when there is one', async () => {
  stats = relayed(B);
  watch.onState('connecting');
  watch.allow([{ urls: [A] }]);
  assert.deepEqual(story, []);
  watch.onState('connected');
  await pass(SOON_MS);
  assert.deepEqual(story, ['relay', 'restart']);
});

test('a relay that falls silent is noticed long before ICE does', async () => {
  watch.onState('connected');
  const flow = async (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      packets += 10;
      stats = relayed(A);
      await pass(500);
    }
  };
  await flow(6_000);
  assert.deepEqual(story, ['relay']);
  await pass(2_000);
  assert.deepEqual(story, ['relay', 'stalled']);
  await flow(1_000);
  assert.deepEqual(story, ['relay', 'stalled', 'alive']);
});

test('after close nothing is looked at or told', async () => {
  watch.onState('connected');
  watch.close();
  await pass(60_000);
  assert.deepEqual([kinds(), story], [[], []]);
});

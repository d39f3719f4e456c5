// The command line of `parley load`: what is right becomes the plan as it was written, what is wrong a sentence.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from '../../../client/load/arguments.ts';
import type { LoadPlan } from '../../../client/load/plan.ts';

const MACHINE = { addresses: ['192.0.2.7', '2001:db8::7'], names: ['studio'] };
const HERE = '--url http://localhost:3000 --room r';

function run(line: string) {
  return parse(line.split(' '), MACHINE);
}

function planOf(line: string): LoadPlan {
  const parsed = run(line);
  assert.ok('plan' in parsed, JSON.stringify(parsed));
  return parsed.plan;
}

test('everything that can be said of a run', () => {
  const line =
    '--url https://studio:3000 --room stage --publishers 50 --viewers=500 --counted 100 --called guest --layout 4 --ramp 30 --audio-only --speakers 3 --rooms 5 --duration 2.5 --json --max-refused 7 --max-join 100 --max-first-packet 200 --max-loss 0.5 --max-gaps 2 --max-delay 50';
  assert.deepEqual(planOf(line), {
    url: 'https://studio:3000',
    room: 'stage',
    token: undefined,
    publishers: 50,
    viewers: 500,
    rooms: 5,
    layout: 4,
    speakers: 3,
    cameras: 0,
    counted: 100,
    called: 'guest',
    rampMs: 30_000,
    durationMs: 2_500,
    json: true,
    isOwn: false,
    thresholds: {
      refused: 7,
      joinP95Ms: 100,
      firstPacketP95Ms: 200,
      lossPercent: 0.5,
      gapPercent: 2,
      delayP95Ms: 50,
    },
  });
});

test('what is not said', () => {
  const plan = planOf(`${HERE} --token secret`);
  assert.deepEqual(
    [plan.publishers, plan.viewers, plan.rooms, plan.layout, plan.speakers, plan.token],
    [2, 0, 1, 9, 1, 'secret'],
  );
  assert.deepEqual([plan.rampMs, plan.durationMs], [200, 60_000]);
  assert.equal(planOf(`${HERE} --publishers 0 --viewers 5`).speakers, 0);
});

const REFUSED: readonly [string, RegExp][] = [
  ['', /load takes options only; "" is none/],
  ['--room r', /--url is missing/],
  ['--url http://localhost', /--room is missing/],
  ['--url localhost:3000 --room r', /wants an http:\/\/ or https:\/\/ address; "localhost:3000"/],
  ['--url http://a:b@localhost --room r', /has a user in it/],
  ['--url http://example.org --room r', /example\.org is not this machine.*--i-own-this-server/],
  ['--url http://192.0.2.8 --room r', /192\.0\.2\.8 is not this machine/],
  ['--url http://localhost.example.org --room r', /is not this machine/],
  [`${HERE} --publishers`, /--publishers wants a value; none was given/],
  [`${HERE} --publishers --viewers 2`, /--publishers wants a value; none was given/],
  [`${HERE} --publishers 1001`, /--publishers wants a whole number from 0 to 1000; "1001" is none/],
  [`${HERE} --publishers 1.5`, /a whole number from 0 to 1000; "1\.5"/],
  [`${HERE} --viewers -3`, /--viewers wants a whole number from 0 to 20000; "-3"/],
  [`${HERE} --viewers 1e3`, /"1e3" is none/],
  [`${HERE} --ramp=`, /--ramp wants a number from 0 to 86400; "" is none/],
  [`${HERE} --duration 0`, /--duration wants a number from 1 to 86400/],
  [`${HERE} --publishers 0`, /Nobody would come/],
  [`${HERE} --publishers 3 --rooms 4`, /3 publishers cannot be in 4 rooms/],
  [`${HERE} --publishers 0 --viewers 3 --rooms 4`, /3 viewers cannot be in 4 rooms/],
  [`${HERE} --publishers 5 --rooms 2 --speakers 3`, /3 cannot speak .* of 2 publishers/],
  [`${HERE} --counted 0`, /--counted wants a whole number from 1/],
  [`${HERE} --called <b>`, /--called wants a name/],
  [`${HERE} --publishers 5 --cameras 6`, /6 cameras cannot be sent by 5 publishers/],
  [`${HERE} --publishers 5 --cameras 1 --audio-only`, /no cameras, and --cameras asks for 1/],
  [`${HERE} --rooms 2 --token t`, /--token lets into one room only/],
  ['--url http://localhost --room A', /--room wants 1 to 64 .*; "A" is none/],
  [`--url http://localhost --room ${'r'.repeat(63)} --rooms 2`, /is longer than 64/],
  [`${HERE} --json=yes`, /--json takes no value/],
  [`${HERE} --json --json`, /--json is given twice/],
  [`${HERE} --foo`, /load has no option --foo/],
  [`${HERE} more`, /"more" is none/],
];

describe('what is wrong is said, and nothing is done', () => {
  for (const [line, sentence] of REFUSED) {
    test(line, () => {
      const parsed = run(line);
      assert.ok('sentences' in parsed);
      assert.match(parsed.sentences.join('\n'), sentence);
    });
  }
});

test('all that is wrong is said at once', () => {
  const parsed = run('--url ftp://x --room R --publishers x --foo');
  assert.equal('sentences' in parsed && parsed.sentences.length, 4);
});

test('this machine, and others that their owner vouches for', () => {
  for (const host of [
    'localhost',
    'a.localhost',
    '127.3.2.1',
    '[::1]',
    '192.0.2.7',
    '[2001:db8::7]',
    'STUDIO',
  ]) {
    planOf(`--url http://${host}:3000 --room r`);
  }
  planOf('--url https://example.org --room r --i-own-this-server');
});

test('a number is taken as it is, or refused', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 40_000 }), (p, v) => {
      const parsed = run(`${HERE} --publishers ${p} --viewers ${v} --speakers 0`);
      if ('plan' in parsed) {
        assert.deepEqual([parsed.plan.publishers, parsed.plan.viewers], [p, v]);
      } else assert.ok(p > 1_000 || v > 20_000 || p + v === 0);
    }),
  );
});

test('no command line makes it throw', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (args) => {
      parse(args, MACHINE);
    }),
  );
});

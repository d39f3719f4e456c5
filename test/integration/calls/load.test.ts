// `parley load` against a real server: media flows, the figures are right, and nothing is left.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { parse } from '../../../client/load/arguments.ts';
import { judge } from '../../../client/load/report/judge.ts';
import type { LoadReport } from '../../../client/load/report/summarise.ts';
import type { Progress } from '../../../client/load/report/table.ts';
import { runLoad } from '../../../client/load/run.ts';
import { Gate } from '../../support/network/gate.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { AUTH_TOKEN, Operator } from '../../support/server/operator.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { TestWorkers } from '../../support/server/workers.ts';

const PARLEY = path.resolve(import.meta.dirname, '../../../server/entries/parley.ts');
const MACHINE = { addresses: [], names: [] };
/** Layers and voices have more than their nominal rate: descriptors, stamps, and the silence of others. */
const TOLERANCE = 0.2;

function planOf(server: TestServer, line: string) {
  const parsed = parse(['--url', server.url, '--room', 'load', ...line.split(' ')], MACHINE);
  assert.ok('plan' in parsed, JSON.stringify(parsed));
  return parsed.plan;
}

interface RunHooks {
  signal?: AbortSignal;
  onProgress?(progress: Progress): void;
}

function run(server: TestServer, line: string, { signal, onProgress }: RunHooks = {}) {
  return runLoad(planOf(server, line), {
    machine: MACHINE,
    signal: signal ?? new AbortController().signal,
    onProgress: onProgress ?? (() => {}),
  });
}

function assertNear(value: number, expected: number, what: string): void {
  assert.ok(
    Math.abs(value - expected) <= expected * TOLERANCE,
    `${what}: ${value}, not ${expected}`,
  );
}

test('publishers and viewers: who got in, what arrived, and how much of it', async (t) => {
  const server = await startServer(t);
  const shown: Progress[] = [];
  const report = await run(
    server,
    '--publishers 3 --viewers 4 --layout 2 --ramp 0.5 --duration 4',
    {
      onProgress: (progress) => shown.push(progress),
    },
  );
  const { participants, streams, packets } = report;
  assert.deepEqual(participants, {
    ...{ planned: 7, counted: 7, joined: 7, refused: 0, lost: 0, resumes: 0, missing: 0 },
  });
  assert.equal(report.withoutMedia, 0);
  assert.deepEqual(report.refusals, {});
  // 18 voices, and two pictures for each of seven; some looked at another one before all had come.
  assert.ok(streams.received >= 32 && streams.received <= 39, `${streams.received} streams`);
  assertNear(report.bitrate.received, 14 * 500_000 + 6 * 32_000, 'received');
  // All layers at first, then up to the one that is looked at.
  const { sent } = report.bitrate;
  assert.ok(sent > 3 * 650_000 && sent < 3 * 2_350_000, `${sent} bit/s were sent`);
  assert.ok(packets.lossPercent < 1, `${packets.lossPercent} % were lost`);
  assert.ok(report.joinMs && report.joinMs.p50 <= report.joinMs.p95 && report.joinMs.p50 > 0);
  assert.ok(report.firstPacketMs && report.firstPacketMs.p50 > 0);
  assert.ok(report.delayMs && report.delayMs.p50 > 0 && report.delayMs.p50 < 200);
  assert.ok(shown.length >= 3);
  assert.equal(shown.at(-1)?.joined, 7);
  await server.becomesIdle();
});

test('voices alone: each packet of one reaches the three others, and the server knows who speaks', async (t) => {
  const server = await startServer(t);
  const listener = await RawClient.open(t, server.signalingUrl);
  const joined = await listener.join('load');
  const speakers = async () => {
    const { speakers } = await listener.next('speakers', DEADLINES.condition);
    return speakers.length;
  };
  const [report, heard] = await Promise.all([
    run(server, '--publishers 2 --viewers 2 --audio-only --ramp 1 --duration 4'),
    speakers(),
  ]);
  assert.ok(joined.participantId !== '' && heard > 0);
  assert.equal(report.streams.received, 6);
  assertNear(report.bitrate.received, 3 * report.bitrate.sent, 'received');
  assertNear(report.bitrate.sent, 32_000, 'sent');
  await listener.request('leave', {});
  await listener.drop();
  await server.becomesIdle();
});

test('in a large room each looks at a page of pictures that not everybody knows', async (t) => {
  const server = await startServer(t, { WHOLE_ROSTER_UP_TO: '2', PICTURES: '1' });
  const line = '--publishers 8 --viewers 2 --layout 2 --ramp 0.5 --duration 4';
  const { participants, refusals, streams } = await run(server, line);
  assert.deepEqual([participants.joined, participants.lost, refusals], [10, 0, {}]);
  assert.ok(streams.received >= 2 * 10, `${streams.received} streams`);
  await server.becomesIdle();
});

test('rooms are filled in turn, and hear nothing of each other', async (t) => {
  const server = await startServer(t);
  const line = '--publishers 4 --viewers 2 --rooms 2 --audio-only --ramp 0.2 --duration 2';
  const report = await run(server, line);
  assert.equal(report.streams.received, 8);
  await server.becomesIdle();
});

test('a media server that stands still is a gap in every stream', async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t);
  let frozen: Promise<void> | undefined;
  const FROZEN_MS = 700;
  const report = await run(server, '--publishers 2 --viewers 1 --layout 1 --ramp 0 --duration 5', {
    onProgress: ({ elapsedMs }) => {
      if (elapsedMs < 1_500 || frozen) return;
      frozen = workers.whileFrozen(() => new Promise((resolve) => setTimeout(resolve, FROZEN_MS)));
    },
  });
  await frozen;
  // Pictures, and the voice of the one who speaks; a silent one may have had nothing to send meanwhile.
  assert.ok(report.streams.withGaps >= 3, `${report.streams.withGaps} streams had gaps`);
  assert.ok(
    report.gaps.longestMs > FROZEN_MS - 200,
    `the longest took ${report.gaps.longestMs} ms`,
  );
  const { thresholds } = planOf(server, '--publishers 2');
  assert.match(judge(report, thresholds).breaches.join('\n'), /Streams with gaps/);
  await server.becomesIdle();
});

test('a worker that dies takes nobody out of the call', async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t);
  let killed = false;
  const report = await run(server, '--publishers 2 --viewers 1 --ramp 0 --duration 5', {
    onProgress: ({ elapsedMs }) => {
      if (elapsedMs < 1_500 || killed) return;
      killed = true;
      process.kill(workers.only.pid, 'SIGKILL');
    },
  });
  // How long the gap of the move is depends on the machine; that gaps are counted, unit tests show.
  assert.ok(killed);
  assert.deepEqual([report.participants.lost, report.withoutMedia], [0, 0]);
  await server.becomesIdle();
});

test('lost sockets are resumed, and media does not notice', async (t) => {
  const server = await startServer(t);
  const gate = ownedBy(t).use(await Gate.open(Number(new URL(server.url).port)));
  const line = '--publishers 2 --viewers 1 --audio-only --ramp 0 --duration 4';
  let isCut = false;
  const report = await runLoad(
    { ...planOf(server, line), url: `http://127.0.0.1:${gate.port}` },
    {
      machine: MACHINE,
      signal: new AbortController().signal,
      onProgress: ({ elapsedMs }) => {
        if (elapsedMs < 1_500 || isCut) return;
        isCut = true;
        gate.mend();
      },
    },
  );
  const { resumes, lost } = report.participants;
  assert.deepEqual([resumes, lost, report.refusals], [3, 0, {}]);
  // On another media session each track would be another stream.
  assert.equal(report.streams.received, 4);
  await server.becomesIdle();
});

test('refusals are counted by their code, and fail the run', async (t) => {
  const server = await startServer(t, { MAX_PARTICIPANTS_PER_ROOM: '3' });
  // What a busy machine makes of a second of media is not what this is about.
  const others =
    '--max-join 60000 --max-first-packet 60000 --max-loss 100 --max-gaps 100 --max-delay 60000';
  const line = `--publishers 2 --viewers 3 --audio-only --ramp 0.3 --duration 1 ${others}`;
  const report = await run(server, line);
  assert.deepEqual([report.participants.joined, report.refusals], [3, { room_full: 2 }]);
  const { breaches, exitCode } = judge(report, planOf(server, line).thresholds);
  assert.deepEqual([breaches, exitCode], [['Joins refused: 2, and 0 is the limit.'], 1]);
  await server.becomesIdle();
});

test('a room token lets all in; without one they are refused, and the run ends by itself', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN });
  const { token } = await new Operator(server.url).invite('load');
  const line = `--publishers 1 --viewers 1 --audio-only --ramp 0 --duration 1 --token ${token}`;
  assert.equal((await run(server, line)).participants.joined, 2);
  const startedMs = performance.now();
  const report = await run(server, '--publishers 2 --duration 600');
  assert.deepEqual(report.refusals, { token_required: 2 });
  assert.ok(performance.now() - startedMs < 10_000);
});

test('media is not sent to another machine that the server names', async (t) => {
  const server = await startServer(t, { ANNOUNCED_ADDRESS: '203.0.113.5' });
  await assert.rejects(run(server, '--publishers 2 --duration 30'), {
    code: 'forbidden',
    message: /203\.0\.113\.5.*--i-own-this-server/,
  });
  await server.becomesIdle();
});

test('on a command line: Ctrl-C ends it, and the report is still given', async (t) => {
  const server = await startServer(t);
  const options = ['--publishers', '2', '--viewers', '1', '--duration', '600', '--json'];
  const args = [PARLEY, 'load', '--url', server.url, '--room', 'load', ...options];
  const child = spawn(process.execPath, args);
  ownedBy(t).defer(() => void child.kill('SIGKILL'));
  const [out, errors] = [text(child.stdout), text(child.stderr)];
  await until('all to send and receive', () => {
    assert.equal(server.counts().producer, 4);
    assert.ok(server.counts().consumer >= 8);
  });
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  assert.equal(code, 130, await errors);
  const report: LoadReport = JSON.parse(await out);
  assert.equal(report.participants.joined, 3);
  await server.becomesIdle();
});

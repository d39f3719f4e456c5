// An hour of three people at 30 pictures a second, generated faster than life: tracks stay together, memory stays flat.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadConfig } from '../../../server/config/config.ts';
import { Catalog } from '../../../server/recording/catalog/catalog.ts';
import { newEntry } from '../../../server/recording/catalog/entry.ts';
import { timelineOf } from '../../../server/recording/manifest/timeline.ts';
import { Finisher } from '../../../server/recording/process/finisher.ts';
import { OpenRecording } from '../../../server/recording/process/open-recording.ts';
import { TrackWriter } from '../../../server/recording/process/track-writer.ts';
import { openSpool, type Spool } from '../../../server/recording/spool/spool.ts';
import { openStore } from '../../../server/recording/stores/open-store.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { Resources } from '../../../server/telemetry/resources.ts';
import { newRecordingId } from '../../../shared/recording/recording-id.ts';
import { programPath } from '../../support/process/programs.ts';
import { indexIn, manifestOf, recordFolder, trackFile } from '../../support/recording/recorded.ts';
import {
  type Datagram,
  MARKED_BYTES,
  SimulatedSender,
} from '../../support/recording/simulated-sender.ts';

const run = promisify(execFile);

const HOUR_MS = 3_600_000;
/** Whole seconds, as an id of a recording says it. */
const START = Date.UTC(2026, 10, 28, 18, 45, 12);
/** One a minute, the first a second after the beginning, and one at the end. */
const FLASHES = [...Array.from({ length: 60 }, (_, minute) => minute * 60_000 + 1_000), 3_599_000];
const APART_MS = 40;
/** Between the tenth part of the hour and its end. The allocator keeps some of what it was given back. */
const GROWS_BYTES = { used: 4_000_000, outside: 40_000_000 };
const TICK_MS = 200;
/** Each second of each track is flushed: the 21,600 flushes of an hour take a disk longer than all the rest. */
const IN_MEMORY = '/dev/shm';
/** The disk is waited for this often, as it would be if an hour took one. */
const DISK_MS = 10_000;
/** As the recorder has them. */
const LIMITS = { reorderMs: 1_000, reorderPackets: 2_048, clusterMs: 1_000, frameBytes: 4_194_304 };
const PEOPLE = [
  { name: 'Ada', driftPpm: 80 },
  { name: 'Ben', driftPpm: -50 },
  { name: 'Cleo', driftPpm: 0 },
];

interface Track {
  id: string;
  kind: 'audio' | 'video';
  sender: SimulatedSender;
  writer: TrackWriter;
  onTheWay: Datagram[];
}

test('an hour of three people: tracks within 40 ms, every packet in its file, memory flat', async (t) => {
  const folder = await recordFolder(t, IN_MEMORY);
  t.mock.timers.enable({ apis: ['Date'], now: START });
  const config = loadConfig({ RECORD_ENABLED: '1', RECORD_DIR: folder });
  const log = createLogger('warn');
  const resources = new Resources();
  const store = openStore(config, log);
  assert.ok(store);
  const disk = watched(await openSpool(config, store, log, resources));
  const catalog = new Catalog(store, { log });
  const { keyTemplate, segmentMinutes } = config.recording;
  const key = { id: newRecordingId(START), room: 'team' as const, startedAt: START };
  const entry = newEntry(key, keyTemplate);
  await catalog.begin(entry);
  const recording = new OpenRecording({
    ...{ recording: key, node: 'sfu', spool: disk.spool, folder: entry.folder, writer: 'w-1', log },
    indexed: Promise.resolve(),
  });
  let now = START;
  const limits = { ...LIMITS, segmentMs: segmentMinutes * 60_000 };
  const tracks = PEOPLE.flatMap(({ name, driftPpm }, person) => {
    const participantId = `participant-${name}`;
    recording.line({ type: 'joined', at: START, version: 1, participantId, name, role: 'guest' });
    return (['video', 'audio'] as const).map((kind): Track => {
      const source = kind === 'video' ? 'camera' : 'microphone';
      const id = `track-${name}-${source}`;
      const seed = 1 + person * 2 + (kind === 'audio' ? 1 : 0);
      const sender = new SimulatedSender({
        ...{ kind, driftPpm: kind === 'audio' ? driftPpm : driftPpm / 2, seed },
        startMs: START + seed * 7.3,
        flashesMs: FLASHES.map((ms) => START + ms),
      });
      const of = { trackId: id, participantId, kind, source } as const;
      recording.line({ type: 'published', at: START, version: 1, muted: false, ...of });
      const writer = new TrackWriter({
        ...{ recording, limits, log, mayOpen: () => true, onWritten() {}, onLost() {} },
        info: { key: id, recordingId: key.id, epoch: 1, port: 1, ...of, ...sender.format },
        requestKeyFrame: () => sender.requestKeyFrame(now),
      });
      return { id, kind, sender, writer, onTheWay: [] };
    });
  });

  const memory: Memory[] = [];
  for (; now < START + HOUR_MS; ) {
    const until = now + TICK_MS;
    for (const track of tracks) {
      track.onTheWay.push(...track.sender.send(until));
      deliver(track, until);
      track.writer.tick(until);
    }
    now = until;
    t.mock.timers.setTime(now);
    if ((now - START) % DISK_MS === 0) await disk.idle();
    if (now - START === HOUR_MS / 10 || now - START === HOUR_MS) memory.push(measured());
  }
  for (const track of tracks) {
    deliver(track, Infinity);
    track.writer.close('stopped', now);
  }
  recording.line({ type: 'stopped', at: now, version: 2 });
  await recording.close();
  const finisher = new Finisher({ films: [], store, catalog, keyTemplate, log });
  assert.deepEqual(await finisher.finish(key), { is: 'done', isNew: true });
  t.mock.timers.reset();

  await compare(t, folder, tracks);
  const [early, late] = memory;
  assert.ok(early && late);
  const both = `memory at a tenth of the hour and at its end: ${text(early)}, ${text(late)}`;
  t.diagnostic(both);
  assert.ok(late.used - early.used < GROWS_BYTES.used, both);
  assert.ok(late.outside - early.outside < GROWS_BYTES.outside, both);
  await disk.spool.close({ withinMs: 1_000 });
});

/** In the order of arrival; and gives the rest time. */
function deliver(track: Track, untilMs: number): void {
  track.onTheWay.sort((a, b) => a.arrivesAt - b.arrivesAt);
  const later = track.onTheWay.findIndex(({ arrivesAt }) => arrivesAt >= untilMs);
  const count = later < 0 ? track.onTheWay.length : later;
  for (const { arrivesAt, bytes } of track.onTheWay.splice(0, count)) {
    track.writer.receive(bytes, arrivesAt);
  }
}

async function compare(t: TestContext, folder: string, tracks: readonly Track[]): Promise<void> {
  const [entry] = await indexIn(folder);
  assert.equal(entry?.state, 'ready');
  assert.deepEqual(entry.gaps, []);
  const timeline = timelineOf(await manifestOf(folder, entry));
  // By track and flash: how far the manifest says it from where it was, in milliseconds. Of sound, ffprobe takes off the
  // 6.5 ms that encoders look ahead.
  const off = await Promise.all(
    tracks.map(async ({ id, kind, sender }) => {
      const segments = timeline.tracks.find((track) => track.id === id)?.segments ?? [];
      const found: number[] = [];
      let frames = 0;
      for (const { file, zeroMs, rate } of segments) {
        const packets = await packetsIn(trackFile(folder, entry, file));
        frames += packets.length;
        for (const { seconds, bytes } of packets) {
          const number = bytes - MARKED_BYTES[kind];
          const capturedAt = sender.marked[number];
          if (capturedAt === undefined) continue;
          assert.equal(found[number], undefined, `flash ${number} of ${id} is there twice`);
          found[number] = zeroMs + rate * seconds * 1_000 - capturedAt;
        }
      }
      assert.equal(frames, sender.expected, `frames of ${id}`);
      assert.equal(Object.keys(found).length, FLASHES.length, `flashes of ${id}`);
      t.diagnostic(
        `${id}: ${frames} frames in ${segments.length} files, ${sender.lost} packets lost; off by ${Math.min(...found).toFixed(1)} to ${Math.max(...found).toFixed(1)} ms`,
      );
      return found;
    }),
  );
  const apart = FLASHES.map((_, flash) => {
    const each = off.map((ofTrack) => ofTrack[flash] ?? Number.NaN);
    return Math.max(...each) - Math.min(...each);
  });
  const shown = [apart[0], apart.at(-1), Math.max(...apart)].map((ms) => ms?.toFixed(1));
  t.diagnostic(
    `tracks are apart by ${shown[0]} ms at first, ${shown[1]} at last, ${shown[2]} at most`,
  );
  for (const ms of apart) assert.ok(ms <= APART_MS, `${ms} ms`);
  for (const ms of off.flat()) assert.ok(Math.abs(ms) <= APART_MS, `${ms} ms`);
}

async function packetsIn(file: string): Promise<{ seconds: number; bytes: number }[]> {
  const args = ['-v', 'error', '-of', 'csv=p=0', '-show_entries', 'packet=pts_time,size', file];
  const { stdout, stderr } = await run(programPath('ffprobe'), args, { maxBuffer: 64 * 1_048_576 });
  assert.equal(stderr, '');
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [seconds, bytes] = line.split(',').map(Number);
      return { seconds: seconds ?? Number.NaN, bytes: bytes ?? Number.NaN };
    });
}

/** A spool whose work can be waited for. */
function watched(inner: Spool): { spool: Spool; idle(): Promise<void> } {
  const busy = new Set<Promise<unknown>>();
  const during = <T>(work: Promise<T>): Promise<T> => {
    const ended: Promise<unknown> = work.catch(() => {}).finally(() => busy.delete(ended));
    busy.add(ended);
    return work;
  };
  const spool: Spool = {
    events: new EventEmitter(),
    file: (key) =>
      during(
        inner.file(key).then((file) => ({
          key,
          get bytes() {
            return file.bytes;
          },
          append: (bytes) => during(file.append(bytes)),
          close: () => file.close(),
        })),
      ),
    state: () => inner.state(),
    stored: (prefix) => inner.stored(prefix),
    close: (options) => inner.close(options),
  };
  const idle = async () => {
    do {
      await Promise.all(busy);
      await turn();
    } while (busy.size > 0);
  };
  return { spool, idle };
}

interface Memory {
  /** Bytes of the heap and of buffers that something refers to. */
  used: number;
  /** Bytes of the process besides the heap, of which V8 keeps empty pages. */
  outside: number;
}

setFlagsFromString('--expose_gc');
const collectGarbage: () => void = runInNewContext('gc');

function measured(): Memory {
  collectGarbage();
  collectGarbage();
  const { heapUsed, heapTotal, external, rss } = process.memoryUsage();
  return { used: heapUsed + external, outside: rss - heapTotal };
}

function text({ used, outside }: Memory): string {
  return `${(used / 1e6).toFixed(1)} MB (${(outside / 1e6).toFixed(0)} MB outside the heap)`;
}

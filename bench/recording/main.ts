// `npm run bench:recording`: what a recording costs the recorder and the call, and how soon it has its first frame.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureClient } from '../../client/build.ts';
import { TestCluster } from '../../test/support/cluster/local-cluster.ts';
import { until } from '../../test/support/process/until.ts';
import { recordFolder } from '../../test/support/recording/recorded.ts';
import { activeRecorder } from '../../test/support/recording/recorder-pids.ts';
import { CpuMeter } from '../media/cpu-meter.ts';
import { BenchOwner } from '../owner.ts';
import { wholeNumber } from '../whole-number.ts';
import { PEOPLE_OF_ROOM, RECORDED_SHARE, RecordedRoom } from './callers.ts';
import { report, type Turn } from './report.ts';

interface Processes {
  recorder: number;
  worker: number;
}

const FILMS = path.join(import.meta.dirname, 'film.ts');

const { values } = parseArgs({
  options: {
    /** How many are recorded at once: one number after the other. */
    rooms: { type: 'string', default: '2,4' },
    rounds: { type: 'string', default: '5' },
    /** How long each turn measures. */
    seconds: { type: 'string', default: '10' },
    starts: { type: 'string', default: '10' },
    /** Seconds of the call that films are made of. With 0 none are made. */
    film: { type: 'string', default: '20' },
  },
});
const numbersOfRooms = values.rooms.split(',').map((each) => wholeNumber('rooms', each));
const rounds = wholeNumber('rounds', values.rounds);
const seconds = wholeNumber('seconds', values.seconds);
const starts = wholeNumber('starts', values.starts, 0);
const filmSeconds = wholeNumber('film', values.film, 0);

async function main(): Promise<void> {
  await ensureClient({ log: console.log });
  const owner = new BenchOwner();
  try {
    const folder = await recordFolder(owner);
    const cluster = await TestCluster.start(owner, {
      ...{ web: 1, sfu: 1 },
      env: {
        ...{ LOG_LEVEL: 'warn', WORKERS: '1', RECORD_ENABLED: '1', RECORD_DIR: folder },
        ...{ RECORD_FILMS: 'none', ROOM_CHANGES_PER_MINUTE: '100000' },
      },
    });
    const rooms: RecordedRoom[] = [];
    const join = async (count: number) => {
      while (rooms.length < count) {
        const name = `room-${rooms.length + 1}`;
        rooms.push(await RecordedRoom.open(owner, cluster.url, folder, name));
        console.log(`${name}: ${PEOPLE_OF_ROOM} people with cameras have joined`);
      }
    };
    const [sfu] = cluster.sfus;
    const pid = sfu?.child.pid;
    if (!sfu || pid === undefined) throw new Error('there is no media node');
    const [worker] = await cluster.workersOf(sfu);
    if (worker === undefined) throw new Error('there is no worker');
    const processes = { worker, recorder: await until('the recorder', () => activeRecorder(pid)) };
    await join(1);
    const firstFrames: Awaited<ReturnType<RecordedRoom['firstFrame']>>[] = [];
    for (let n = 0; n < starts; n++) {
      const [room] = rooms;
      if (room) firstFrames.push(await room.firstFrame());
      await sleep(1_000);
    }
    const turns: Turn[] = [];
    for (const count of numbersOfRooms) {
      await join(count);
      for (let round = 1; round <= rounds; round++) {
        turns.push(await turn(rooms, processes, false));
        const ends = await Promise.all(rooms.map((room) => room.record()));
        turns.push(await turn(rooms, processes, true));
        await Promise.all(ends.map((end) => end()));
        console.log(`${count * PEOPLE_OF_ROOM} cameras: round ${round} of ${rounds}`);
      }
    }
    console.log(report(turns, firstFrames));
  } finally {
    await owner.close();
  }
}

async function turn(
  rooms: readonly RecordedRoom[],
  { recorder, worker }: Processes,
  isRecorded: boolean,
): Promise<Turn> {
  const meters = await Promise.all(
    [recorder, worker].map((pid) => CpuMeter.start([{ pid, isNode: pid === recorder }])),
  );
  const before = totals(rooms);
  const startedAt = performance.now();
  await sleep(seconds * 1_000);
  const [recorderMs = 0, workerMs = 0] = await Promise.all(
    meters.map(async (meter) => (await meter.read())?.ms ?? 0),
  );
  const after = totals(rooms);
  const sent = after.sent - before.sent;
  return {
    ...{ isRecorded, recorderMs, workerMs, cameras: rooms.length * PEOPLE_OF_ROOM },
    ms: performance.now() - startedAt,
    toPeople: after.received - before.received,
    toRecorder: isRecorded ? sent * RECORDED_SHARE : 0,
    missedFrames: after.missed - before.missed,
    sent,
  };
}

function totals(rooms: readonly RecordedRoom[]) {
  const sum = (of: (room: RecordedRoom) => number) =>
    rooms.reduce((total, room) => total + of(room), 0);
  return {
    sent: sum(({ packets }) => packets.sent),
    received: sum(({ packets }) => packets.received),
    missed: sum(({ missedFrames }) => missedFrames),
  };
}

/** A bench of its own: it needs no server. */
async function films(): Promise<void> {
  const args = [FILMS, '--seconds', String(filmSeconds), '--rounds', '1'];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  await once(child, 'exit');
}

await main();
if (filmSeconds > 0) await films();
process.exit(0);

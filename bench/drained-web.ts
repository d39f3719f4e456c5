// How a `web` replica that is drained sends thousands of participants elsewhere, and what they miss.
import { randomId } from '../client/sdk/session/ids.ts';
import { SIGNALING_PATH } from '../shared/protocol/protocol.ts';
import { type Replica, TestCluster } from '../test/support/cluster/local-cluster.ts';
import { inTurns } from '../test/support/process/in-turns.ts';
import { until } from '../test/support/process/until.ts';
import { RawClient } from '../test/support/server/client.ts';
import { RoomFollower } from '../test/support/server/room-follower.ts';
import { BenchOwner } from './owner.ts';
import { spread } from './statistics.ts';

const NAME = '3,000 sessions on one `web` of two, drained: they leave, and miss nothing';
const PARTICIPANTS = 3_000;
const PER_ROOM = 20;
const ROOMS = PARTICIPANTS / PER_ROOM;
const JOINS_AT_ONCE = 20;
/** One room after the other is spoken in, this many times a second. */
const MESSAGES_PER_SECOND = 100;
const GOAL_SPREAD_MS = 2_000;
const WITHIN = { withinMs: 120_000 };
const TRIALS = 3;
const ENV = {
  LOG_LEVEL: 'warn',
  MAX_SESSIONS_PER_REPLICA: String(2 * PARTICIPANTS),
  MAX_ROOMS_PER_ADDRESS: String(ROOMS),
  MAX_SOCKETS_PER_ADDRESS: String(2 * PARTICIPANTS),
  ARRIVAL_BURST_PER_ADDRESS: String(10 * PARTICIPANTS),
  CHAT_MESSAGES_PER_MINUTE: '6000',
};

interface Drain {
  /** From the first goodbye to the last. */
  spreadMs: number;
  /** Most goodbyes within 100 ms. */
  most: number;
  /** From each goodbye to the answer of the resume. */
  awayMs: number[];
  messages: number;
  /** Patches that a participant missed, received twice, or received out of order. */
  faults: number;
}

/** @param only measures it if its name contains this @returns lines to print */
export async function drains(only: string): Promise<string> {
  if (!NAME.includes(only)) return '';
  const all: Drain[] = [];
  for (let trial = 1; trial <= TRIALS; trial++) {
    const drain = await drainOnce();
    all.push(drain);
    const { spreadMs, most, messages, faults } = drain;
    const away = spread(drain.awayMs);
    console.log(
      `drain ${trial}/${TRIALS}: over ${spreadMs.toFixed(0)} ms, at most ${most} in 100 ms; away ${away.median.toFixed(0)} ms, worst ${away.max.toFixed(0)} ms; ${messages} messages, ${faults} faults`,
    );
  }
  const spreads = spread(all.map(({ spreadMs }) => spreadMs));
  const away = spread(all.flatMap(({ awayMs }) => awayMs));
  const faults = all.reduce((sum, drain) => sum + drain.faults, 0);
  const isMet = spreads.min >= GOAL_SPREAD_MS && faults === 0;
  return [
    `  ${NAME}`,
    `    over ${spreads.min.toFixed(0)} – ${spreads.max.toFixed(0)} ms, goal ${GOAL_SPREAD_MS} ms at least; ${faults} patches missed or told twice: ${isMet ? 'met' : 'MISSED'}`,
    `    without a session for ${away.median.toFixed(0)} ms (median), ${away.max.toFixed(0)} ms (worst)`,
  ].join('\n');
}

async function drainOnce(): Promise<Drain> {
  const owner = new BenchOwner();
  try {
    const cluster = await TestCluster.start(owner, { web: 2, sfu: 1, env: ENV });
    const [drained, other] = cluster.webs;
    if (!drained || !other) throw new Error('there are two web replicas');
    const urlOf = (web: Replica) =>
      new URL(SIGNALING_PATH, cluster.urlOf(web).replace('http', 'ws')).href;
    const urls = [urlOf(drained), urlOf(other)] as const;
    const speakers = await inTurns(ROOMS, JOINS_AT_ONCE, async (n) => {
      const speaker = await RawClient.open(owner, urls[1]);
      await speaker.join(`room-${n}`);
      return speaker;
    });
    const followers = await inTurns(PARTICIPANTS, JOINS_AT_ONCE, (n) =>
      RoomFollower.join({ owner, room: `room-${n % ROOMS}`, urls }),
    );
    const said = await speakUntil(speakers, async () => {
      drained.child.signal('SIGTERM');
      await drained.child.exited();
      await until('everybody to be back', () => assertBack(followers), WITHIN);
    });
    await until(
      'everybody to have heard the last message',
      () => {
        for (const { room, texts } of followers) {
          if (texts.length < (said.get(room)?.length ?? 0)) throw new Error(`${room} waits`);
        }
      },
      { ...WITHIN, withinMs: 20_000 },
    ).catch((error) => console.log(String(error)));
    return sumUp(followers, said);
  } finally {
    await owner.close();
  }
}

/** Says something in one room after the other until `action` is done. @returns what was said, by room */
async function speakUntil(
  speakers: readonly RawClient[],
  action: () => Promise<void>,
): Promise<Map<string, string[]>> {
  const said = new Map<string, string[]>();
  let count = 0;
  const failures: unknown[] = [];
  const timer = setInterval(() => {
    const room = count % speakers.length;
    const text = `message ${count++}`;
    const name = `room-${room}`;
    said.set(name, [...(said.get(name) ?? []), text]);
    speakers[room]
      ?.request('chat', { id: randomId(), text })
      .catch((error) => failures.push(error));
  }, 1_000 / MESSAGES_PER_SECOND);
  try {
    await action();
  } finally {
    clearInterval(timer);
  }
  if (failures.length > 0) throw failures[0];
  return said;
}

function assertBack(followers: readonly RoomFollower[]): void {
  const away = followers.filter(({ backAt }) => backAt === undefined).length;
  if (away > 0) throw new Error(`${away} are not back`);
}

function sumUp(
  followers: readonly RoomFollower[],
  said: ReadonlyMap<string, readonly string[]>,
): Drain {
  const goodbyes = followers.map(({ sentAwayAt = 0 }) => sentAwayAt).sort((a, b) => a - b);
  const [first = 0, last = 0] = [goodbyes[0], goodbyes.at(-1)];
  const inTenth = (from: number) => goodbyes.filter((at) => at >= from && at < from + 100).length;
  const tenths = Array.from({ length: Math.ceil((last - first) / 100) }, (_, n) => first + 100 * n);
  const wrong = followers.filter(({ room, texts }) => `${texts}` !== `${said.get(room) ?? []}`);
  return {
    spreadMs: last - first,
    most: Math.max(...tenths.map(inTenth)),
    awayMs: followers.map(({ backAt = 0, sentAwayAt = 0 }) => backAt - sentAwayAt),
    messages: [...said.values()].flat().length,
    faults: wrong.length + followers.reduce((sum, { faults }) => sum + faults.length, 0),
  };
}

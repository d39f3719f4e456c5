// One room of one size: filled, and then a few more come, mute and leave.
import { SIGNALING_PATH } from '../../shared/protocol/protocol.ts';
import { inTurns } from '../../test/support/process/in-turns.ts';
import type { Parley } from '../../test/support/server/parley.ts';
import { spread } from '../statistics.ts';
import { type Answer, CrowdMember, type Received } from './crowd.ts';
import { type Cost, Meter } from './meter.ts';

export interface Size {
  name: string;
  participants: number;
  /** A microphone and a camera each. */
  publishing: boolean;
}

export interface Measured {
  /** A join, with its publications. */
  join: Cost;
  mute: Cost;
  leave: Cost;
  /** The answer of a join: as it is sent, and as text. */
  answer: Answer;
  consumers: number;
  heapMb: number;
}

const JOINS_AT_ONCE = 5;
/** Joins, mutes and leaves that are measured, one after the other. */
export const MEASURED = 20;
const CROWD = 10_000;
export const ENV = {
  LOG_LEVEL: 'warn',
  WORKERS: '2',
  MAX_PARTICIPANTS_PER_ROOM: String(CROWD),
  MAX_SESSIONS_PER_REPLICA: String(CROWD),
  MAX_SOCKETS_PER_ADDRESS: String(CROWD),
  ARRIVAL_BURST_PER_ADDRESS: String(10 * CROWD),
  MAX_SEND_BUFFER_BYTES: '67108864',
  COMMAND_TIMEOUT_MS: '60000',
};
/** A thousand participants have tens of thousands of consumers, and the machine may be busy. */
const STOP_MS = 60_000;
const NOTHING: Cost = { cpuMs: 0, messages: 0, bytes: 0 };

/** Ends the server. */
export async function measure(
  parley: Parley,
  { participants, publishing }: Size,
): Promise<Measured> {
  const members: CrowdMember[] = [];
  try {
    const meter = new Meter(parley);
    const url = new URL(SIGNALING_PATH, parley.url.replace('http', 'ws')).href;
    const enter = async (name: string, received: Received, answers: Answer[] = []) => {
      const member = await CrowdMember.open(url, received);
      members.push(member);
      answers.push(await member.join('hall', name));
      if (publishing) await member.publish(['microphone', 'camera']);
      return member;
    };
    let entered = 0;
    await inTurns(participants, JOINS_AT_ONCE, async (index) => {
      await enter(`Participant ${index}`, meter.received);
      entered += 1;
      if (entered % 100 === 0) process.stderr.write(`\r  ${entered} of ${participants} `);
    });
    process.stderr.write('\r');
    await meter.atRest();
    const before = await meter.read();
    const answers: Answer[] = [];
    const more: CrowdMember[] = [];
    const join = await meter.cost(MEASURED, async (index) => {
      more.push(await enter(`Newcomer ${index}`, meter.received, answers));
    });
    const after = await meter.read();
    const [first] = members;
    const mute =
      publishing && first
        ? await meter.cost(MEASURED, (index) => first.mute('camera', index % 2 === 0))
        : NOTHING;
    const leave = await meter.cost(MEASURED, async (index) => more[index]?.leave());
    const consumers = 'parley_resources consumer';
    return {
      ...{ join, mute, leave },
      answer: {
        bytes: spread(answers.map(({ bytes }) => bytes)).median,
        textBytes: spread(answers.map(({ textBytes }) => textBytes)).median,
      },
      consumers: ((after[consumers] ?? 0) - (before[consumers] ?? 0)) / MEASURED,
      heapMb: (before.nodejs_heap_size_used_bytes ?? 0) / 2 ** 20,
    };
  } finally {
    for (const member of members) member.close();
    await parley.process.stop(STOP_MS);
  }
}

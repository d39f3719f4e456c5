// `npm run bench:room`: what one participant more costs, in rooms of any size. Protocol alone: nobody sends packets.
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureClient } from '../client/build.ts';
import { SIGNALING_PATH } from '../shared/protocol/protocol.ts';
import { inTurns } from '../test/support/process/in-turns.ts';
import { Parley } from '../test/support/server/parley.ts';
import { CrowdMember, type Received } from './room/crowd.ts';
import { spread } from './statistics.ts';

interface Size {
  name: string;
  participants: number;
  publishing: boolean;
}

const SIZES: readonly Size[] = [
  ...[10, 50, 200, 1_000].map((participants) => ({
    name: `${participants} who publish`,
    participants,
    publishing: true,
  })),
  { name: '2000 who watch', participants: 2_000, publishing: false },
];
const JOINS_AT_ONCE = 5;
/** Joins, mutes and leaves that are measured, one after the other. */
const MEASURED = 12;
const CROWD = 10_000;
const ENV = {
  LOG_LEVEL: 'warn',
  WORKERS: '2',
  MAX_PARTICIPANTS_PER_ROOM: String(CROWD),
  MAX_SESSIONS_PER_REPLICA: String(CROWD),
  MAX_SOCKETS_PER_ADDRESS: String(CROWD),
  ARRIVAL_BURST_PER_ADDRESS: String(10 * CROWD),
  MAX_SEND_BUFFER_BYTES: '67108864',
  COMMAND_TIMEOUT_MS: '60000',
};
/** The server is at rest when it uses less than this share of a CPU. */
const AT_REST = 0.08;
const LOOK_MS = 250;
const GATHERED_MS = 700;

/** What one change costs. */
interface Cost {
  cpuMs: number;
  messages: number;
  bytes: number;
}

interface Measured extends Record<'join' | 'mute' | 'leave', Cost> {
  answerBytes: number;
  consumers: number;
  heapMb: number;
}

class Meter {
  readonly #parley: Parley;
  readonly received: Received = { messages: 0, bytes: 0 };

  constructor(parley: Parley) {
    this.#parley = parley;
  }

  async read(): Promise<Record<string, number>> {
    const samples = await this.#parley.metrics();
    return Object.fromEntries(
      samples.map(({ name, labels, value }) => [
        `${name}${labels.kind ? ` ${labels.kind}` : ''}`,
        value,
      ]),
    );
  }

  async cpuMs(): Promise<number> {
    const values = await this.read();
    const seconds =
      (values.process_cpu_user_seconds_total ?? 0) + (values.process_cpu_system_seconds_total ?? 0);
    return seconds * 1_000;
  }

  /** Resolves when nothing is going on any more, with the CPU time used until then. */
  async atRest(): Promise<number> {
    for (let before = await this.cpuMs(); ; ) {
      await wait(LOOK_MS);
      const now = await this.cpuMs();
      if (now - before < AT_REST * LOOK_MS) return now;
      before = now;
    }
  }

  /** The cost of one of `count` changes, made one after the other. Looking costs too, and is taken off. */
  async cost(count: number, change: (index: number) => Promise<unknown>): Promise<Cost> {
    await this.atRest();
    const restFrom = await this.cpuMs();
    await wait(4 * LOOK_MS);
    const idleMs = (await this.cpuMs()) - restFrom;
    const startedAt = performance.now();
    const before = { ...this.received };
    const from = await this.cpuMs();
    for (let index = 0; index < count; index++) await change(index);
    // Changes of a large room are gathered: the last of them are still to come.
    await wait(GATHERED_MS);
    const used = (await this.atRest()) - from;
    const idle = (idleMs * (performance.now() - startedAt)) / (4 * LOOK_MS);
    return {
      cpuMs: Math.max(0, used - idle) / count,
      messages: (this.received.messages - before.messages) / count,
      bytes: (this.received.bytes - before.bytes) / count,
    };
  }
}

async function measure({ participants, publishing }: Size): Promise<Measured> {
  const parley = await Parley.start(ENV);
  const members: CrowdMember[] = [];
  try {
    const meter = new Meter(parley);
    const url = new URL(SIGNALING_PATH, parley.url.replace('http', 'ws')).href;
    const enter = async (index: number) => {
      const member = await CrowdMember.open(url, meter.received);
      members.push(member);
      await member.join('hall', `Participant ${index}`);
      if (publishing) await member.publish(['microphone', 'camera']);
      return member;
    };
    let entered = 0;
    await inTurns(participants, JOINS_AT_ONCE, async (index) => {
      await enter(index);
      entered += 1;
      if (entered % 100 === 0) process.stderr.write(`\r  ${entered} of ${participants} `);
    });
    process.stderr.write('\r');
    await meter.atRest();
    const before = await meter.read();
    const answers: number[] = [];
    const more: CrowdMember[] = [];
    const join = await meter.cost(MEASURED, async (index) => {
      const own: Received = { messages: 0, bytes: 0 };
      const member = await CrowdMember.open(url, own);
      more.push(member);
      answers.push(await member.join('hall', `Newcomer ${index}`));
      if (publishing) await member.publish(['microphone', 'camera']);
      meter.received.messages += own.messages;
      meter.received.bytes += own.bytes;
    });
    const after = await meter.read();
    const [first] = members;
    const mute = publishing
      ? await meter.cost(MEASURED, (index) => first!.mute('camera', index % 2 === 0))
      : { cpuMs: 0, messages: 0, bytes: 0 };
    const leave = await meter.cost(MEASURED, (index) => more[index]!.leave());
    const consumers = 'parley_resources consumer';
    return {
      ...{ join, mute, leave },
      answerBytes: spread(answers).median,
      consumers: ((after[consumers] ?? 0) - (before[consumers] ?? 0)) / MEASURED,
      heapMb: (before.nodejs_heap_size_used_bytes ?? 0) / 2 ** 20,
    };
  } finally {
    for (const member of members) member.close();
    await parley.process.stop();
  }
}

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
await ensureClient();
const sizes = SIZES.filter(({ name }) => name.includes(values.only));
console.log('What one change costs: CPU of Node.js, and what all others are sent; means of 12\n');
console.log(
  'room               join    answer   consumers  sent per join        mute   sent per mute       leave   sent per leave      heap',
);
const sent = ({ messages, bytes }: Cost) =>
  `${messages.toFixed(0)} / ${(bytes / 1024).toFixed(0)} kB`.padEnd(17);
const ms = ({ cpuMs }: Cost) => `${cpuMs.toFixed(1)} ms`.padStart(9);
for (const size of sizes) {
  const { join, mute, leave, answerBytes, consumers, heapMb } = await measure(size);
  console.log(
    `${size.name.padEnd(15)}${ms(join)}  ${(answerBytes / 1024).toFixed(0).padStart(5)} kB  ${consumers.toFixed(1).padStart(9)}  ${sent(join)}${ms(mute)}   ${sent(mute)}${ms(leave)}   ${sent(leave)}  ${heapMb.toFixed(0)} MB`,
  );
}

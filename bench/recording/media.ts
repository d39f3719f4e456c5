// What recording a track costs: one minute of 720p30 VP8 at 2 Mbit/s and of Opus, packets to clusters, in CPU time.
import { parseArgs } from 'node:util';
import { type StreamOptions, TrackStream } from '../../server/recording/media/track-stream.ts';
import {
  rtp,
  senderReport,
  vp8Frame,
  vp8Payloads,
} from '../../test/unit/recording/media/packets.ts';

const MINUTE_MS = 60_000;
const FPS = 30;
const SOUND_PER_SECOND = 50;
const BITS_PER_SECOND = 2_000_000;
const KEY_EVERY = 20 * FPS;
const PACKET_BYTES = 1_150;
const SOUND_BYTES = 100;
const REPORT_EVERY_MS = 1_000;
const TICK_MS = 100;
const START = Date.UTC(2026, 10, 28);
/** The goal for picture and sound together, of which this is a part: sockets and disk are the rest. */
const GOAL_PERCENT = 1;

const limits = {
  reorderMs: 200,
  reorderPackets: 512,
  clusterMs: 1_000,
  frameBytes: 4_000_000,
  segmentMs: 3_600_000,
};
const PICTURE: StreamOptions = {
  kind: 'video',
  codec: 'video/VP8',
  payloadType: 96,
  ssrc: 4711,
  clockRate: 90_000,
  channels: 1,
  limits,
};
const SOUND: StreamOptions = {
  ...PICTURE,
  kind: 'audio',
  codec: 'audio/opus',
  clockRate: 48_000,
  channels: 2,
};

interface Arrival {
  bytes: Buffer;
  atMs: number;
}

function picture(): Arrival[] {
  const arrivals: Arrival[] = [];
  const frameBytes = BITS_PER_SECOND / 8 / FPS;
  let sequence = 0;
  for (let index = 0; index < (MINUTE_MS / 1_000) * FPS; index++) {
    const atMs = (index * 1_000) / FPS;
    const key = index % KEY_EVERY === 0 && { width: 1280, height: 720 };
    const payloads = vp8Payloads(
      vp8Frame(key, Buffer.alloc(frameBytes * (key ? 10 : 1), 7)),
      PACKET_BYTES,
    );
    payloads.forEach((payload, at) => {
      const header = {
        sequence: sequence++,
        timestamp: index * 3_000,
        marker: at === payloads.length - 1,
      };
      arrivals.push({ bytes: rtp(header, payload), atMs });
    });
  }
  return arrivals;
}

function sound(): Arrival[] {
  const payload = Buffer.concat([Buffer.from([0xfc]), Buffer.alloc(SOUND_BYTES, 9)]);
  const count = (MINUTE_MS / 1_000) * SOUND_PER_SECOND;
  return Array.from({ length: count }, (_, index) => ({
    bytes: rtp({ sequence: index, timestamp: index * 960 }, payload),
    atMs: index * 20,
  }));
}

/** @returns CPU milliseconds, and what was written */
function recorded(options: StreamOptions, arrivals: readonly Arrival[]) {
  const rate = options.clockRate / 1_000;
  const stream = new TrackStream(options);
  let bytes = 0;
  let clusters = 0;
  let tick = 0;
  let report = 0;
  const before = process.cpuUsage();
  const take = (outputs: ReturnType<TrackStream['tick']>) => {
    for (const output of outputs) {
      if (output.do !== 'append') continue;
      bytes += output.bytes.length;
      clusters++;
    }
  };
  for (const arrival of arrivals) {
    for (; tick < arrival.atMs; tick += TICK_MS) take(stream.tick(START + tick));
    for (; report < arrival.atMs; report += REPORT_EVERY_MS) {
      take(stream.receive(senderReport(START + report, report * rate), START + report));
    }
    take(stream.receive(arrival.bytes, START + arrival.atMs));
  }
  take(stream.end('stopped', START + MINUTE_MS));
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1_000, bytes, clusters };
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } });
const rounds = Number(values.rounds);
const all = { picture: picture(), sound: sound() };
console.log(
  `${all.picture.length} packets of VP8 and ${all.sound.length} of Opus a minute, ${rounds} rounds`,
);
const percents = Array.from({ length: rounds }, (_, round) => {
  const video = recorded(PICTURE, all.picture);
  const audio = recorded(SOUND, all.sound);
  const percent = ((video.cpuMs + audio.cpuMs) / MINUTE_MS) * 100;
  console.log(
    `${round + 1}: picture ${video.cpuMs.toFixed(0)} ms, sound ${audio.cpuMs.toFixed(0)} ms: ${percent.toFixed(3)} % of a core (${video.clusters + audio.clusters} clusters, ${((video.bytes + audio.bytes) / 1e6).toFixed(1)} MB)`,
  );
  return percent;
});
const median = percents.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
console.log(
  `median ${median.toFixed(3)} % of a core; the goal for all of recording is ${GOAL_PERCENT} %`,
);

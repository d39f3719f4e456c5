// Everybody who receives the picture of one contender: packets are counted, timed and thrown away.
import { Receiver } from '../../client/load/media/receiver.ts';
import { Histogram } from '../../client/load/report/histogram.ts';
import { isRtcp, readRtp } from '../../client/load/rtp/packet.ts';
import type { Watcher } from './contender.ts';

/** As light participants report. */
const REPORT_EVERY_MS = 1_000;

export class Audience {
  readonly watchers: Watcher[] = [];
  readonly #run: number;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #packets = 0;
  #delay = new Histogram();

  constructor(run: number) {
    this.#run = run;
  }

  /** Packets of this run that arrived since {@link restart}. */
  get packets(): number {
    return this.#packets;
  }

  /** From the send to the callback of each, in milliseconds. */
  get delay(): Histogram {
    return this.#delay;
  }

  restart(): void {
    this.#packets = 0;
    this.#delay = new Histogram();
  }

  /** @param watch joins, and calls back with each packet */
  async add(watch: (onPacket: (packet: Buffer) => void) => Promise<Watcher>): Promise<void> {
    const receiver = new Receiver({
      run: this.#run,
      now: () => performance.now(),
      before: () => undefined,
      onPacket: (_bytes, travelMs) => {
        if (travelMs === undefined) return;
        this.#packets++;
        this.#delay.record(travelMs);
      },
      onStream() {},
    });
    let known: number | undefined;
    const watcher = await watch((packet) => {
      if (!isRtcp(packet)) {
        const ssrc = readRtp(packet)?.ssrc;
        // Each server names the stream in another way, and all of them in the packet.
        if (ssrc !== undefined && ssrc !== known) receiver.add(streamOf(ssrc));
        known = ssrc ?? known;
      }
      receiver.onPacket(packet);
    });
    this.watchers.push(watcher);
    const report = () => {
      for (const packet of receiver.reports()) watcher.peer.send(packet);
    };
    this.#timers.push(setInterval(report, REPORT_EVERY_MS));
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const { peer } of this.watchers) peer.close();
  }
}

function streamOf(ssrc: number) {
  const rtpParameters = { codecs: [], headerExtensions: [], encodings: [{ ssrc }], rtcp: {} };
  const id = String(ssrc);
  return {
    ...{ trackId: id, consumerId: id, kind: 'video' as const, waiting: false },
    rtpParameters,
  };
}

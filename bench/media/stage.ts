// One contender with its publisher and its audience: one turn is measured at a time.
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { readKeyFrameRequests } from '../../client/load/rtp/rtcp.ts';
import { Audience } from './audience.ts';
import type { Contender } from './contender.ts';
import { CpuMeter } from './cpu-meter.ts';
import type { Peer } from './peer.ts';
import { Picture } from './picture.ts';
import type { Plan } from './plan.ts';
import type { Turn } from './report.ts';

const TICK_MS = 10;
const REPORT_EVERY_MS = 1_000;
/** After the last packet was sent. */
const ARRIVE_MS = 300;
/** More at once would let the first ones wait for long. */
const JOINING_AT_ONCE = 10;

export class Stage {
  readonly contender: Contender;
  readonly #plan: Plan;
  readonly #audience: Audience;
  readonly #picture: Picture;
  readonly #publisher: Peer;
  readonly #startedMs = performance.now();
  #pausable = false;

  private constructor(
    contender: Contender,
    plan: Plan,
    parts: { audience: Audience; picture: Picture; publisher: Peer },
  ) {
    this.contender = contender;
    this.#plan = plan;
    this.#audience = parts.audience;
    this.#picture = parts.picture;
    this.#publisher = parts.publisher;
  }

  /** With a publisher, and without an audience. */
  static async open(contender: Contender, plan: Plan, run: number): Promise<Stage> {
    const picture = new Picture({ run, bytes: plan.bytes });
    const { ssrc, cname } = picture;
    const publisher = await contender.publish({
      ...{ ssrc, cname },
      onPacket: (packet) => {
        if (readKeyFrameRequests(packet).includes(ssrc)) picture.requestKeyFrame();
      },
    });
    return new Stage(contender, plan, { audience: new Audience(run), picture, publisher });
  }

  async fill(): Promise<void> {
    const { receivers } = this.#plan;
    for (let joined = 0; joined < receivers; joined += JOINING_AT_ONCE) {
      const count = Math.min(JOINING_AT_ONCE, receivers - joined);
      await Promise.all(
        Array.from({ length: count }, (_, index) =>
          this.#audience.add((onPacket) => this.contender.watch(joined + index, onPacket)),
        ),
      );
    }
    this.#pausable = this.#audience.watchers.every(({ pause }) => pause);
  }

  get pausable(): boolean {
    return this.#pausable;
  }

  async pause(paused: boolean): Promise<void> {
    await Promise.all(this.#audience.watchers.map((watcher) => watcher.pause?.(paused)));
  }

  /** Resident memory of the media side, in bytes; undefined when its processes are not known. */
  async memory(): Promise<number | undefined> {
    const { processes } = this.contender;
    if (processes.length === 0) return undefined;
    const each = await Promise.all(
      processes.map(async ({ pid }) => {
        const status = await readFile(`/proc/${pid}/status`, 'utf8');
        return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) * 1_024;
      }),
    );
    return each.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** @param sends whether the publisher does */
  async turn(sends: boolean, seconds = this.#plan.seconds): Promise<Turn> {
    this.#audience.restart();
    const meter = await CpuMeter.start(this.contender.processes);
    const ownBefore = performance.eventLoopUtilization();
    const startedMs = performance.now();
    const sent = sends ? await this.#send(seconds) : await sleep(seconds * 1_000, 0);
    await sleep(ARRIVE_MS);
    const endedMs = performance.now();
    const own = performance.eventLoopUtilization(ownBefore);
    const cpu = await meter.read();
    const { packets, delay } = this.#audience;
    return {
      seconds: (endedMs - startedMs) / 1_000,
      ...{ cpuMs: cpu?.ms, nodeMs: cpu?.nodeMs },
      sent,
      received: packets,
      delayMs: { p50: delay.percentile(0.5), p95: delay.percentile(0.95) },
      clientsBusy: own.utilization,
    };
  }

  async close(): Promise<void> {
    this.#audience.close();
    this.#publisher.close();
    await this.contender.close();
  }

  async #send(seconds: number): Promise<number> {
    const startedMs = performance.now();
    let [offered, sent, reports] = [0, 0, 0];
    for (;;) {
      const nowMs = performance.now();
      const elapsedMs = nowMs - startedMs;
      if (elapsedMs >= seconds * 1_000) return sent;
      for (; offered < (elapsedMs / 1_000) * this.#plan.packetsPerSecond; offered++) {
        const packet = this.#picture.next(nowMs - this.#startedMs, performance.now());
        if (this.#publisher.send(packet)) sent++;
      }
      if (elapsedMs >= reports * REPORT_EVERY_MS) {
        reports++;
        this.#publisher.send(this.#picture.report(nowMs - this.#startedMs, Date.now()));
      }
      await sleep(TICK_MS);
    }
  }
}

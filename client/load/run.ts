// One run: participants arrive by the clock, stay, are counted, and leave.
import { randomInt } from 'node:crypto';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanup } from 'node-datachannel';
import { ParleyError } from '../../shared/errors.ts';
import type { MediaOffer } from '../../shared/protocol/media-messages.ts';
import { arrivals } from './arrivals.ts';
import { droppedDatagrams } from './dropped-datagrams.ts';
import { Participant } from './participant.ts';
import type { LoadPlan } from './plan.ts';
import { Histogram } from './report/histogram.ts';
import { type LoadReport, summarise } from './report/summarise.ts';
import type { Progress } from './report/table.ts';
import { isOfThisMachine, type Machine } from './this-machine.ts';

export interface RunOptions {
  machine: Machine;
  /** Ends the run early; the report is of what was until then. */
  signal: AbortSignal;
  /** Called every second. */
  onProgress(progress: Progress): void;
}

const PROGRESS_EVERY_MS = 1_000;
/** More at once would be late on a small server. Fewer would take long when it does not answer at all. */
const LEAVING_AT_ONCE = 200;
const NANOSECONDS = 1e6;
/** How often the delay of this process is looked at. Milliseconds. */
const RESOLUTION_MS = 10;

/** @throws ParleyError when a media server is elsewhere, and the plan does not say that it may be */
export async function runLoad(plan: LoadPlan, options: RunOptions): Promise<LoadReport> {
  const run = new Run(plan, options);
  try {
    return await run.go();
  } finally {
    await run.close();
  }
}

class Run {
  readonly #plan: LoadPlan;
  readonly #options: RunOptions;
  readonly #startedMs = performance.now();
  readonly #id = randomInt(1, 0xffffffff);
  readonly #participants: Participant[] = [];
  readonly #latenessMs: number[] = [];
  readonly #delay = new Histogram();
  readonly #own = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  /** Ends the run: the caller, a fault, or that nobody is left. */
  readonly #ending = new AbortController();
  #fault: ParleyError | undefined;
  #receivedBytes = 0;
  #before = { atMs: 0, received: 0, sent: 0 };

  constructor(plan: LoadPlan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  async go(): Promise<LoadReport> {
    const { signal } = this.#options;
    const end = () => this.#ending.abort();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    this.#own.enable();
    const droppedBefore = await droppedDatagrams();
    const progress = setInterval(() => this.#report(), PROGRESS_EVERY_MS);
    try {
      await this.#arrive();
      const steadyFrom = this.#totals();
      const loopFrom = performance.eventLoopUtilization();
      await this.#waitUntil(this.#plan.rampMs + this.#plan.durationMs);
      if (this.#fault) throw this.#fault;
      const samples = {
        ...this.#samples(steadyFrom),
        ownLoadPercent: performance.eventLoopUtilization(loopFrom).utilization * 100,
      };
      const dropped = await droppedDatagrams();
      const known = dropped !== undefined && droppedBefore !== undefined;
      return summarise({ ...samples, droppedDatagrams: known ? dropped - droppedBefore : null });
    } finally {
      clearInterval(progress);
      this.#own.disable();
      signal.removeEventListener('abort', end);
    }
  }

  /** Everybody leaves. */
  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#participants.map((one) => one.settled()));
    const left = [...this.#participants];
    while (left.length > 0) {
      await Promise.all(left.splice(0, LEAVING_AT_ONCE).map((one) => one.leave()));
    }
    cleanup();
  }

  async #arrive(): Promise<void> {
    for (const arrival of arrivals(this.#plan)) {
      await this.#waitUntil(arrival.atMs);
      if (this.#ending.signal.aborted) return;
      this.#latenessMs.push(this.#now() - arrival.atMs);
      const participant = new Participant({
        ...{ plan: this.#plan, arrival, run: this.#id },
        now: () => this.#now(),
        onPacket: (bytes, travelMs) => {
          this.#receivedBytes += bytes;
          if (travelMs !== undefined) this.#delay.record(travelMs);
        },
        checkAddresses: (offer) => this.#checkAddresses(offer),
      });
      this.#participants.push(participant);
      // Not waited for: arrivals follow the clock, however slow the server is.
      void participant.join();
    }
    await this.#waitUntil(this.#plan.rampMs);
  }

  /** Resolves at that time, or when the run ends. */
  async #waitUntil(atMs: number): Promise<void> {
    const { signal } = this.#ending;
    const ms = atMs - this.#now();
    if (ms > 0 && !signal.aborted) await sleep(ms, undefined, { signal }).catch(() => {});
  }

  #now(): number {
    return performance.now() - this.#startedMs;
  }

  /** Media would go to another machine than the one that was named. */
  #checkAddresses({ send, recv }: MediaOffer): void {
    if (this.#plan.isOwn) return;
    const addresses = [...send.iceCandidates, ...recv.iceCandidates].map((one) => one.address);
    const elsewhere = addresses.find((one) => !isOfThisMachine(one, this.#options.machine));
    if (elsewhere === undefined) return;
    this.#fault = new ParleyError('forbidden', {
      message: `The media server is at ${elsewhere}, which is not this machine. If it is yours, say so with --i-own-this-server.`,
    });
    this.#ending.abort();
    throw this.#fault;
  }

  #totals() {
    const sent = this.#participants.reduce((total, one) => total + one.sentBytes, 0);
    return { atMs: this.#now(), received: this.#receivedBytes, sent };
  }

  #samples(steadyFrom: { atMs: number; received: number; sent: number }) {
    const now = this.#totals();
    const p99 = this.#own.percentile(99) / NANOSECONDS - RESOLUTION_MS;
    return {
      planned: this.#plan.publishers + this.#plan.viewers,
      counted: this.#plan.counted,
      participants: this.#participants.map((one) => one.sample()),
      latenessMs: this.#latenessMs,
      delay: this.#delay,
      steady: {
        seconds: (now.atMs - steadyFrom.atMs) / 1000,
        receivedBytes: now.received - steadyFrom.received,
        sentBytes: now.sent - steadyFrom.sent,
      },
      ownDelayP99Ms: Math.max(0, p99),
    };
  }

  #report(): void {
    const samples = this.#participants.map((one) => one.sample());
    const streams = samples.flatMap((one) => one.streams);
    const lost = streams.reduce((total, one) => total + one.lost, 0);
    const received = streams.reduce((total, one) => total + one.packets, 0);
    const totals = this.#totals();
    const { atMs, received: receivedBefore, sent: sentBefore } = this.#before;
    const seconds = (totals.atMs - atMs) / 1000;
    this.#before = totals;
    this.#options.onProgress({
      elapsedMs: totals.atMs,
      planned: this.#plan.publishers + this.#plan.viewers,
      joined: samples.filter(({ joinMs }) => joinMs !== null).length,
      refused: samples.filter(({ refusal }) => refusal !== null).length,
      received: ((totals.received - receivedBefore) * 8) / seconds,
      sent: ((totals.sent - sentBefore) * 8) / seconds,
      lossPercent: received + lost === 0 ? 0 : (lost / (received + lost)) * 100,
      gaps: streams.reduce((total, one) => total + one.gaps, 0),
    });
    // Everybody came, and nobody is in the call: the rest of the time would show nothing.
    const allCame = samples.length === this.#plan.publishers + this.#plan.viewers;
    const anyLeft = this.#participants.some((one) => !one.hasEnded);
    if (allCame && !anyLeft) this.#ending.abort();
  }
}

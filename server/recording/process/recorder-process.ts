// The recorder as its media node sees it: a child process that is started, restarted, asked and told to end.
import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { Emitter } from '../../../shared/emitter.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { Heartbeat } from './heartbeat.ts';
import {
  type Configure,
  type FinishOutcome,
  FromRecorder,
  type RecorderState,
  type RecordingKey,
  type ToRecorder,
} from './messages.ts';

export interface RecorderProcessOptions {
  /** The settings of this process, for the recorder to read. Secret. */
  variables: Readonly<Record<string, string>>;
  /** How long it may take to bring what it has into the store when it is told to end. */
  closeMs: number;
  /** RECORD_FROZEN_SECONDS, as milliseconds. */
  frozenMs: number;
  resources: Resources;
  log: Logger;
}

export interface RecorderEvents {
  /** A recorder listens on this UDP port. Whatever an earlier one was told is forgotten. */
  ready: [port: number];
  /** The recorder cannot start, as a sentence for the operator. It is gone in a moment. */
  failed: [problem: string];
  /** The recorder is gone. Another one follows. */
  gone: [];
  tracked: [key: string];
  keyframe: [key: string];
  ended: [recordingId: string];
  state: [state: RecorderState];
}

const ENTRY = path.join(import.meta.dirname, '../../entries/recorder.ts');
/** At once the first time, then after twice as long each time, so that a broken machine is not kept busy. */
const RESTART_MAX_MS = 10_000;
const RESTART_MS = 500;
/** The start of the node comes first. */
const SPARE_AFTER_MS = 1_000;
/** One that lived this long had a single accident. */
const HEALTHY_MS = 10_000;
/** A start takes a second or two, and much longer on a starved machine. One that was frozen before never ends it. */
const START_MS = 60_000;
/** An answer of the recorder takes as long as the store does. */
const ANSWER_MS = 600_000;

export class RecorderProcess {
  readonly #options: RecorderProcessOptions;
  readonly #events: Emitter<RecorderEvents>;
  readonly #waiting = new Map<number, (message: FromRecorder | undefined) => void>();
  #child: ChildProcess | undefined;
  #port: number | undefined;
  #heartbeat: Heartbeat | undefined;
  #failures = 0;
  #restarting: Timer | undefined;
  /** Takes over at once when the recorder dies. */
  #spare: ChildProcess | undefined;
  #sparing: Timer | undefined;
  #requests = 0;
  #closed = false;

  constructor(options: RecorderProcessOptions) {
    this.#options = options;
    this.#events = new Emitter<RecorderEvents>((err, event) =>
      options.log.error({ err, event }, 'a listener of the recorder failed'),
    );
    this.#start();
  }

  /** The UDP port on the loopback address that it listens on. Undefined while it starts. */
  get port(): number | undefined {
    return this.#port;
  }

  /** The id of the process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  on<K extends keyof RecorderEvents>(
    event: K,
    listener: (...args: RecorderEvents[K]) => void,
  ): () => void {
    return this.#events.on(event, listener);
  }

  /** What is said while there is no recorder is lost: `ready` says when to say it again. */
  send(message: ToRecorder): void {
    if (!this.#child?.connected) return;
    this.#child.send(message, (error) => {
      if (error) this.#options.log.debug({ err: error }, 'the recorder was not reached');
    });
  }

  /** @returns undefined when the recorder did not answer */
  async unfinished(): Promise<readonly RecordingKey[] | undefined> {
    const answer = await this.#ask((request) => ({ do: 'listUnfinished', request }));
    return answer?.say === 'unfinished' ? answer.recordings : undefined;
  }

  /** @returns undefined when the recorder did not answer */
  async finish(recording: RecordingKey): Promise<FinishOutcome | undefined> {
    const answer = await this.#ask((request) => ({ do: 'finish', request, recording }));
    return answer?.say === 'finished' ? answer.outcome : undefined;
  }

  /** Lets the recorder bring what it has into the store, for a while, and ends it. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#restarting?.close();
    this.#sparing?.close();
    if (this.#spare?.connected) this.#spare.disconnect();
    this.#spare = undefined;
    this.#heartbeat?.close();
    const child = this.#child;
    if (!child) return;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    if (child.connected) child.disconnect();
    const inTime = await this.#options.resources.atMost(this.#options.closeMs, ended);
    if (inTime) return;
    this.#options.log.warn('the recorder did not end in time; what it has not uploaded stays here');
    child.kill('SIGKILL');
    await ended;
  }

  /** Has loaded its code, which takes most of the time of a start, and waits until it is needed. */
  #spareLater(): void {
    this.#sparing?.close();
    this.#sparing = this.#options.resources.after(SPARE_AFTER_MS, () => {
      if (this.#closed || this.#spare) return;
      const spare = this.#fork();
      this.#spare = spare;
      const gone = () => {
        if (this.#spare !== spare) return;
        this.#spare = undefined;
        this.#spareLater();
      };
      spare.once('error', gone);
      spare.once('exit', gone);
    });
  }

  #fork(): ChildProcess {
    const child = fork(ENTRY, [], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Signals to our process group are for us: the recorder ends when we say so.
      detached: true,
    });
    if (child.pid !== undefined) lowerPriority(child.pid, this.#options.log);
    return child;
  }

  #start(): void {
    if (this.#closed) return;
    const { variables, log, resources } = this.#options;
    const startedAt = performance.now();
    const release = resources.open('recorder');
    const spare = this.#spare;
    this.#spare = undefined;
    const child = spare?.connected ? spare : this.#fork();
    child.removeAllListeners();
    this.#child = child;
    this.#watch(child, START_MS);
    child.send({ do: 'configure', variables: { ...variables } } satisfies Configure, (err) => {
      if (err) log.debug({ err }, 'the recorder was not configured');
    });
    let isGone = false;
    const gone = (cause: unknown) => {
      if (isGone) return;
      isGone = true;
      this.#heartbeat?.close();
      release();
      if (this.#child === child) this.#child = undefined;
      this.#port = undefined;
      for (const answer of this.#waiting.values()) answer(undefined);
      this.#waiting.clear();
      if (this.#closed) return;
      log.error({ cause, recorderPid: child.pid }, 'the recorder is gone, and is started again');
      const isHealthy = performance.now() - startedAt > HEALTHY_MS;
      this.#failures = isHealthy ? 0 : this.#failures + 1;
      this.#events.emit('gone');
      const delayMs = this.#failures <= 1 ? 0 : RESTART_MS * 2 ** (this.#failures - 2);
      this.#restarting = resources.after(Math.min(delayMs, RESTART_MAX_MS), () => this.#start());
    };
    child.once('error', gone);
    child.once('exit', (code, signal) => gone({ code, signal }));
    child.on('message', (message) => this.#receive(child, message));
  }

  /** A process that is stopped or hangs is no help, and does not end: it is killed, and replaced like any other. */
  #watch(child: ChildProcess, limitMs: number): void {
    const { log, resources } = this.#options;
    this.#heartbeat?.close();
    const onFrozen = () => {
      log.error({ recorderPid: child.pid, limitMs }, 'the recorder is silent, and is killed');
      child.kill('SIGKILL');
    };
    this.#heartbeat = new Heartbeat({ limitMs, onFrozen, resources });
  }

  #receive(child: ChildProcess, message: unknown): void {
    this.#heartbeat?.heard();
    const parsed = v.safeParse(FromRecorder, message);
    if (!parsed.success) {
      this.#options.log.warn({ issues: parsed.issues.length }, 'the recorder said something odd');
      return;
    }
    const said = parsed.output;
    switch (said.say) {
      case 'ready':
        this.#port = said.port;
        this.#watch(child, this.#options.frozenMs);
        this.#spareLater();
        this.#events.emit('ready', said.port);
        return;
      case 'failed':
        this.#options.log.error({ problem: said.problem }, 'the recorder cannot start');
        this.#events.emit('failed', said.problem);
        return;
      case 'tracked':
        this.#events.emit('tracked', said.key);
        return;
      case 'keyframe':
        this.#events.emit('keyframe', said.key);
        return;
      case 'ended':
        this.#events.emit('ended', said.recordingId);
        return;
      case 'state':
        this.#events.emit('state', said.state);
        return;
      case 'unfinished':
      case 'finished':
        this.#waiting.get(said.request)?.(said);
    }
  }

  async #ask(message: (request: number) => ToRecorder): Promise<FromRecorder | undefined> {
    if (!this.#child?.connected || this.#port === undefined) return undefined;
    this.#requests += 1;
    const request = this.#requests;
    const { promise, resolve } = Promise.withResolvers<FromRecorder | undefined>();
    const timer = this.#options.resources.after(ANSWER_MS, () => resolve(undefined));
    this.#waiting.set(request, resolve);
    this.send(message(request));
    const answer = await promise;
    timer.close();
    this.#waiting.delete(request);
    return answer;
  }
}

/** Calls come first: the recorder takes what they leave. */
function lowerPriority(pid: number, log: Logger): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (err) {
    log.debug({ err }, 'the recorder runs at the usual priority');
  }
}

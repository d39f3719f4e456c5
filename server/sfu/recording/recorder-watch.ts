// What the recorder says of itself, for the operator and for the people in the calls that it records.
import type { RecordingTrouble } from '../../../shared/room/room.ts';
import type { RecorderState } from '../../recording/process/messages.ts';
import type { RecorderProcess } from '../../recording/process/recorder-process.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';

export interface RecorderWatchOptions {
  recorder: Pick<RecorderProcess, 'on' | 'port'>;
  metrics: Pick<Metrics, 'recording'>;
  /** Whether a room of this node is recorded. Without one a recorder that is away costs nothing. */
  isRecording(): boolean;
  /** Nothing is kept from now on, or again all. */
  onTrouble(trouble: RecordingTrouble): void;
  resources: Resources;
  log: Logger;
  /** Milliseconds of any clock that does not run backwards. */
  now?: () => number;
}

type Problem = NonNullable<RecorderState['problem']>;

const NOTHING = { recordedBytes: 0, lostPackets: 0 };
const LOOK_MS = 1_000;
/** One that died by accident is replaced sooner, even on a busy machine. */
export const ABSENT_MS = 3_000;

export class RecorderWatch {
  readonly #options: RecorderWatchOptions;
  readonly #now: () => number;
  readonly #stops: readonly (() => void)[];
  readonly #timer: Timer;
  /** What the recorder that runs had counted: counts begin anew with each. */
  #before: Pick<RecorderState, 'recordedBytes' | 'lostPackets'> = NOTHING;
  #ofRecorder: Problem | null = null;
  /** Since when no recorder listens. Undefined while one does. */
  #absentSince: number | undefined;
  /** No recorder has said anything for too long. */
  #isAbsent = false;
  /** Why the last one could not start. */
  #whyNot: string | undefined;
  /** Problems that the log has, until all is well: a store that fails now so, now so, is said once each. */
  readonly #said = new Set<string>();
  #trouble: RecordingTrouble = '';

  constructor(options: RecorderWatchOptions) {
    this.#options = options;
    const { recorder, metrics, resources, now = () => performance.now() } = options;
    this.#now = now;
    this.#absentSince = now();
    this.#stops = [
      recorder.on('state', (state) => this.#take(state)),
      recorder.on('failed', (problem) => {
        this.#whyNot = problem;
      }),
      recorder.on('gone', () => {
        metrics.recording.deaths.inc();
        this.#before = NOTHING;
        this.#absentSince ??= now();
      }),
    ];
    this.#timer = resources.every(LOOK_MS, () => this.look());
  }

  get trouble(): RecordingTrouble {
    return this.#trouble;
  }

  /** To be called when rooms begin or end to be recorded; besides it looks every second. */
  look(): void {
    const now = this.#now();
    if (this.#options.recorder.port !== undefined) this.#absentSince = undefined;
    else this.#absentSince ??= now;
    // Whether one that listens works is known by what it says.
    this.#isAbsent ||= this.#absentSince !== undefined && now - this.#absentSince >= ABSENT_MS;
    this.#hear();
  }

  close(): void {
    this.#timer.close();
    for (const stop of this.#stops) stop();
  }

  #take(state: RecorderState): void {
    const { recording } = this.#options.metrics;
    recording.tracks.set(state.tracks);
    recording.waitingBytes.set(state.waitingBytes);
    recording.waitingSeconds.set(state.waitingMs / 1_000);
    recording.bytes.inc(Math.max(0, state.recordedBytes - this.#before.recordedBytes));
    recording.lostPackets.inc(Math.max(0, state.lostPackets - this.#before.lostPackets));
    this.#before = state;
    this.#ofRecorder = state.problem;
    this.#absentSince = undefined;
    this.#isAbsent = false;
    this.#whyNot = undefined;
    this.#hear();
  }

  #hear(): void {
    const { metrics, isRecording, onTrouble } = this.#options;
    const problem = this.#isAbsent && isRecording() ? absence(this.#whyNot) : this.#ofRecorder;
    this.#say(problem);
    const isLosing = problem?.isLosing === true;
    metrics.recording.losing.set(isLosing ? 1 : 0);
    const trouble = isLosing ? (problem.code === 'full' ? 'full' : 'unwritable') : '';
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    onTrouble(trouble);
  }

  #say(problem: Problem | null): void {
    const { log } = this.#options;
    if (problem) {
      const { code, message, isLosing } = problem;
      const what = `${code} ${isLosing}`;
      if (this.#said.has(what)) return;
      this.#said.add(what);
      log.error({ problem: `${code}: ${message}`, isLosing }, 'recording is in trouble');
    } else if (this.#said.size > 0 && !this.#isAbsent) {
      this.#said.clear();
      log.info('recording works again');
    }
  }
}

function absence(whyNot: string | undefined): Problem {
  const message = `The recorder does not run, and nothing is recorded until it does. ${whyNot ?? 'It is started again and again; what it says is in this log.'}`;
  return { code: 'unwritable', message, isLosing: true };
}

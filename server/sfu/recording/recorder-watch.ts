// What the recorder says of itself, for the operator and for the people in the calls that it records.
import type { RecordingTrouble } from '../../../shared/room/room.ts';
import type { RecorderState } from '../../recording/process/messages.ts';
import type { RecorderProcess } from '../../recording/process/recorder-process.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

export interface RecorderWatchOptions {
  recorder: RecorderProcess;
  metrics: Pick<Metrics, 'recording'>;
  /** Nothing is kept from now on, or again all. */
  onTrouble(trouble: RecordingTrouble): void;
  log: Logger;
}

const NOTHING = { recordedBytes: 0, lostPackets: 0 };

export class RecorderWatch {
  readonly #options: RecorderWatchOptions;
  readonly #stops: readonly (() => void)[];
  /** Of the recorder that runs: counts begin anew with each. */
  #before: Pick<RecorderState, 'recordedBytes' | 'lostPackets'> = NOTHING;
  #problem = '';
  #trouble: RecordingTrouble = '';

  constructor(options: RecorderWatchOptions) {
    this.#options = options;
    const { recorder, metrics } = options;
    this.#stops = [
      recorder.on('state', (state) => this.#take(state)),
      recorder.on('gone', () => {
        metrics.recording.deaths.inc();
        this.#before = NOTHING;
      }),
    ];
  }

  get trouble(): RecordingTrouble {
    return this.#trouble;
  }

  close(): void {
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
    this.#hear(state.problem);
  }

  #hear(problem: RecorderState['problem']): void {
    const { metrics, onTrouble, log } = this.#options;
    const isLosing = problem?.isLosing === true;
    metrics.recording.losing.set(isLosing ? 1 : 0);
    const text = problem ? `${problem.code}: ${problem.message}` : '';
    const isNews = problem?.code !== this.#problem.split(':')[0];
    if (problem && isNews) log.error({ problem: text, isLosing }, 'recording is in trouble');
    if (!problem && this.#problem !== '') log.info('recording works again');
    this.#problem = text;
    const trouble = isLosing ? (problem.code === 'full' ? 'full' : 'unwritable') : '';
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    onTrouble(trouble);
  }
}

// The recording of a call, as its participants begin, pause and end it; what the server's settings allow whom.
import { ParleyError } from '../../../shared/errors.ts';
import type { CallRecording } from '../../../shared/protocol/recording-messages.ts';
import { newRecordingId } from '../../../shared/recording/recording-id.ts';
import type { Role } from '../../../shared/room/grants.ts';
import type { RoomOp, RoomPatch } from '../../../shared/room/operations.ts';
import type { Participant, RoomRecording } from '../../../shared/room/room.ts';
import type { RecordingTokens } from '../../api/recordings/recording-tokens.ts';
import type { RoomStore } from '../../cluster/cluster.ts';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';

type Settings = Config['recording'];

export interface CallRecordingsOptions {
  settings: Settings;
  /** Whether rooms need no tokens. */
  isOpen: boolean;
  rooms: Pick<RoomStore, 'order' | 'recording'>;
  tokens: Pick<RecordingTokens, 'mintRecordingAccess'>;
  log: Logger;
}

/** The session of a participant who does something about the recording. */
export interface Recorder {
  readonly room: string;
  readonly participant: Pick<Participant, 'id' | 'role' | 'joinedAt'>;
  commit(ops: readonly RoomOp[]): Promise<RoomPatch>;
}

export class CallRecordings {
  readonly #options: CallRecordingsOptions;
  /** Roles that may record. */
  readonly recorders: readonly Role[];

  constructor(options: CallRecordingsOptions) {
    this.#options = options;
    this.recorders = recordersOf(options.settings.by, options.isOpen);
  }

  /** What a participant in this role may do, and what the page has to do. Empty: the server does not record. */
  of(role: Role): { recording?: CallRecording } {
    const { enabled, consent, audible } = this.#options.settings;
    if (!enabled) return {};
    const allowed = this.recorders.includes(role);
    return { recording: { allowed, askConsent: consent, audible } };
  }

  /** @throws ParleyError `recording_off`, `forbidden` */
  async start({ room, participant, commit }: Recorder): Promise<string> {
    this.#assertOn();
    const recording = newRecording(participant.id);
    try {
      await commit([{ op: 'record', recording }]);
      return recording.id;
    } catch (error) {
      // Two people press the button at once, or the answer was lost.
      const isOn = ParleyError.from(error).code === 'already_recording';
      const running = isOn ? await this.#options.rooms.recording(room) : undefined;
      if (!running) throw error;
      return running.id;
    }
  }

  async pause({ commit }: Recorder, recordingId: string, paused: boolean): Promise<void> {
    this.#assertOn();
    await commit([{ op: 'pauseRecording', recordingId, paused }]);
  }

  async stop({ commit }: Recorder, recordingId: string): Promise<void> {
    this.#assertOn();
    await commit([{ op: 'stopRecording', recordingId }]).catch((error) => {
      if (ParleyError.from(error).code !== 'not_recording') throw error;
    });
  }

  async consent({ participant, commit }: Recorder, consent: boolean): Promise<void> {
    this.#assertOn();
    await commit([{ op: 'consent', participantId: participant.id, consent }]);
  }

  /** @throws ParleyError `recording_off`, `forbidden` */
  async access({ room, participant }: Recorder): Promise<{ token: string; expiresAt: number }> {
    this.#assertOn();
    if (!this.recorders.includes(participant.role)) throw new ParleyError('forbidden');
    const { tokens, isOpen } = this.#options;
    // A visitor can guess the name of an open room. They see recordings from their own join on, and no earlier ones.
    const since = isOpen ? { since: participant.joinedAt } : {};
    return tokens.mintRecordingAccess({ room, role: participant.role, ...since });
  }

  /**
   * A room has begun: some are always recorded. Later ones who come do not begin it again after a host has stopped it.
   * Never throws.
   */
  async onFirst(room: string): Promise<void> {
    const { settings, rooms, log } = this.#options;
    if (!settings.enabled || !isAlwaysRecorded(room, settings.rooms)) return;
    try {
      const recording = newRecording(null);
      await rooms.order(room, [{ op: 'record', recording }]);
      log.info({ room, recordingId: recording.id }, 'a room that is always recorded is recorded');
    } catch (error) {
      const { code } = ParleyError.from(error);
      if (code === 'already_recording' || code === 'not_found') return;
      log.error({ err: error, room }, 'a room that is always recorded could not be');
    }
  }

  #assertOn(): void {
    if (!this.#options.settings.enabled) throw new ParleyError('recording_off');
  }
}

function newRecording(startedBy: string | null): RoomRecording {
  const startedAt = Date.now();
  return { id: newRecordingId(startedAt), startedAt, startedBy, paused: false };
}

/** Pure: who may record, besides applications. */
export function recordersOf(by: Settings['by'], isOpen: boolean): readonly Role[] {
  if (by === 'applications') return [];
  return by === 'anybody' && isOpen ? ['host', 'guest'] : ['host'];
}

/** @param patterns names, in which * stands for any characters. Pure */
export function isAlwaysRecorded(room: string, patterns: readonly string[] = []): boolean {
  return patterns.some((pattern) => matches(room, pattern));
}

function matches(room: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return room === first;
  if (room.length < first.length + last.length) return false;
  if (!room.startsWith(first) || !room.endsWith(last)) return false;
  let middle = room.slice(first.length, room.length - last.length);
  return rest.every((part) => {
    const at = middle.indexOf(part);
    middle = middle.slice(at + part.length);
    return at >= 0;
  });
}

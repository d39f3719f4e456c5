// The recording of a call as one participant has it: what they may do about it, and the requests for it.
import { ParleyError } from '../../../shared/errors.ts';
import type { CallRecording } from '../../../shared/protocol/recording-messages.ts';
import type { RoomRecording } from '../../../shared/room/room.ts';
import type { Request } from '../media/media-session.ts';
import type { RoomView } from './room-view.ts';
import type { Recording, RecordingAccess } from './types.ts';

export class RecordingControl implements Recording {
  terms: CallRecording | undefined;
  readonly #view: RoomView;
  readonly #request: Request;

  constructor(view: RoomView, request: Request) {
    this.#view = view;
    this.#request = request;
  }

  get running(): RoomRecording | undefined {
    return this.#view.snapshot.recordings?.[0];
  }

  async start(): Promise<void> {
    await this.#request('startRecording', {});
  }

  async setPaused(paused: boolean): Promise<void> {
    const { running } = this;
    if (!running) throw new ParleyError('not_recording');
    await this.#request('pauseRecording', { recordingId: running.id, paused });
  }

  async stop(): Promise<void> {
    const { running } = this;
    if (running) await this.#request('stopRecording', { recordingId: running.id });
  }

  async setConsent(consent: boolean): Promise<void> {
    await this.#request('consent', { consent });
  }

  access(): Promise<RecordingAccess> {
    return this.#request('recordingAccess', {});
  }
}

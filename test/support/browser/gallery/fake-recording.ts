// Runs in the page: the recording of a call without a server. It answers at once, or refuses.
import type { Recording, RecordingAccess } from '../../../../client/sdk/session/types.ts';
import type { RecordingTrouble, RoomRecording } from '../../../../shared/room/room.ts';

export interface RecordingChanges {
  running(recording: RoomRecording | undefined): void;
  consent(agreed: boolean): void;
}

export class FakeRecording implements Recording {
  readonly terms: Recording['terms'];
  running: RoomRecording | undefined;
  /** What was asked for, in order. */
  readonly requests: string[] = [];
  /** The next request is refused with this sentence. */
  refusal: string | undefined;
  readonly #changes: RecordingChanges;
  readonly #self: string;
  #started = 0;

  constructor(terms: Recording['terms'], self: string, changes: RecordingChanges) {
    this.terms = terms;
    this.#self = self;
    this.#changes = changes;
  }

  /** Somebody begins one. @param startedBy null: an application */
  begin(startedBy: string | null): void {
    this.#started += 1;
    const id = `20261128T184512Z-h7q2m9x4${String(this.#started).padStart(2, '0')}`;
    this.#set({ id, startedAt: Date.now(), startedBy, paused: false });
  }

  end(): void {
    this.#set(undefined);
  }

  /** The server can save nothing, or can again. */
  setTrouble(trouble: RecordingTrouble): void {
    if (this.running) this.#set({ ...this.running, trouble });
  }

  async start(): Promise<void> {
    this.#asked('start');
    if (!this.running) this.begin(this.#self);
  }

  async setPaused(paused: boolean): Promise<void> {
    this.#asked(paused ? 'pause' : 'resume');
    if (this.running) this.#set({ ...this.running, paused });
  }

  async stop(): Promise<void> {
    this.#asked('stop');
    this.end();
  }

  async setConsent(agreed: boolean): Promise<void> {
    this.#asked(agreed ? 'agree' : 'decline');
    this.#changes.consent(agreed);
  }

  async access(): Promise<RecordingAccess> {
    this.#asked('access');
    return { token: 'the-access-token', expiresAt: Math.ceil(Date.now() / 1000) + 3_600 };
  }

  #asked(request: string): void {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal !== undefined) throw new Error(refusal);
    this.requests.push(request);
  }

  #set(running: RoomRecording | undefined): void {
    this.running = running;
    this.#changes.running(running);
  }
}

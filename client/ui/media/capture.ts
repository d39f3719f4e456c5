// One camera or one microphone of this computer: switched on and off, changed, lost and found again.
import { batch, signal } from '@preact/signals';
import { type CaptureFacts, comeBack, type ListedDevice } from './changes/come-back.ts';
import { getTrack, isBusy, isNotAllowed, opensOneAtATime } from './changes/get-track.ts';
import type { DeviceNews } from './changes/news.ts';
import { permissionOf, permissionRevoked } from './changes/permission.ts';
import type { DeviceKind } from './device-problem.ts';

export interface CaptureOptions {
  kind: DeviceKind;
  on: boolean;
  /** The device used last time; another one is taken where it is gone. */
  deviceId: string;
  onNews: (news: DeviceNews) => void;
  /** The user's choice, once it works. */
  onChosen: (kind: DeviceKind, deviceId: string) => void;
  labelOf: (deviceId: string) => string;
}

/** Phones mute a track for a moment when they change what is open. */
const SILENCED_AFTER_MS = 500;
/** A device that was plugged in a moment ago may need longer than the browser to be ready. */
const COME_BACK_ATTEMPTS = 4;
const COME_BACK_RETRY_MS = 700;

/** The open device, as it was when it was opened: an ended track does not report it any more. */
interface Opened {
  readonly deviceId: string;
  readonly groupId: string;
  /** `granted` until the permission is withdrawn, where the browser reports it. */
  permission: PermissionState | undefined;
}

/**
 * A camera that is off is released, so that its light goes out. A microphone that is off remains open and sends
 * nothing, so that it is back without a delay.
 */
export class Capture {
  readonly kind: DeviceKind;
  /** The user's wish. `track` shows whether there is anything to send. */
  readonly on;
  readonly track = signal<MediaStreamTrack | undefined>(undefined);
  readonly pending = signal(false);
  /** The error of getUserMedia, while the device is wanted and cannot be opened. */
  readonly error = signal<unknown>(undefined);
  /** The system, a switch or a headset's button mutes what is open. */
  readonly silenced = signal(false);
  /** The device that the user prefers; another one may be open while it is gone. */
  readonly deviceId;
  readonly #options: CaptureOptions;
  #opened: Opened | undefined;
  /** The device that was open when it was unplugged, in case that none was preferred. */
  #missing = '';
  #silencing: ReturnType<typeof setTimeout> | undefined;
  /** Counts requests: only the newest one's answer is used. */
  #request = 0;

  constructor(options: CaptureOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.on = signal(options.on);
    this.deviceId = signal(options.deviceId);
  }

  /** The open device counts, not the requested one. */
  get currentDevice(): string {
    return this.track.value?.getSettings().deviceId ?? this.deviceId.value;
  }

  async setOn(on: boolean): Promise<void> {
    this.on.value = on;
    if (!on) {
      this.error.value = undefined;
      // Also what is still being asked for: its answer comes too late.
      if (this.kind === 'camera' || !this.track.value) this.release();
    }
    const track = this.track.value;
    if (track) track.enabled = on;
    else if (on) await this.open();
  }

  /**
   * Uses another device from now on, also when it is off at the moment. If it cannot be opened, the earlier one
   * goes on and remains the preferred one.
   */
  async choose(deviceId: string): Promise<void> {
    if (!this.on.value && !this.track.value) return this.#keep(deviceId);
    const finish = this.begin();
    const request = this.#request;
    const { track, error } = await this.#exchange(deviceId, request);
    const isStale = request !== this.#request;
    finish(track, this.track.value ? undefined : error);
    if (isStale) return;
    if (error === undefined) return this.#keep(deviceId);
    const left = this.track.value !== undefined;
    const label = this.#options.labelOf(deviceId);
    this.#options.onNews({ type: 'refused', kind: this.kind, label, error, left });
  }

  /** Opens the preferred device, or another one. Never throws: the error is in `error`. */
  async open(): Promise<void> {
    const finish = this.begin();
    try {
      finish(await getTrack(this.kind, this.deviceId.value || this.#missing));
    } catch (error) {
      finish(undefined, error);
    }
  }

  /**
   * Announces a request; its answer goes to the function returned. The open device goes on unless there is
   * another track, or an error.
   */
  begin(): (track: MediaStreamTrack | undefined, error?: unknown) => void {
    const request = ++this.#request;
    this.pending.value = true;
    return (track, error) => {
      if (request !== this.#request) return track?.stop();
      batch(() => {
        this.pending.value = false;
        this.error.value = track ? undefined : error;
        if (track) this.#use(track);
        else if (error !== undefined) this.#drop();
      });
    };
  }

  release(): void {
    this.#request++;
    this.pending.value = false;
    this.#drop();
  }

  /** The list of devices changed. */
  async onDevices(before: readonly ListedDevice[], now: readonly ListedDevice[]): Promise<void> {
    if (this.pending.value) return;
    const action = comeBack(this.#facts(), before, now);
    if (action === undefined) return;
    const hadTrack = this.track.value !== undefined;
    const found = await this.#retry(() =>
      action === 'any' ? this.#openAny() : this.#takeBack(action.device),
    );
    if (!found || !this.on.value) return;
    const label = this.track.value?.label ?? '';
    if (hadTrack || this.#missing !== '') {
      this.#options.onNews({ type: 'back', kind: this.kind, label });
    }
    if (this.#opened?.deviceId === this.#missing) this.#missing = '';
  }

  /** The user gave the permission that was missing. */
  onGranted(): void {
    if (!this.on.value || this.track.value || this.pending.value) return;
    if (isNotAllowed(this.error.value)) void this.open();
  }

  #facts(): CaptureFacts {
    return {
      kind: this.kind,
      wanted: this.on.value || this.track.value !== undefined,
      preferred: this.deviceId.value || this.#missing,
      open: this.track.value && this.#opened,
      error: this.error.value,
    };
  }

  #keep(deviceId: string): void {
    this.deviceId.value = deviceId;
    this.#missing = '';
    this.#options.onChosen(this.kind, deviceId);
  }

  /** Another device in place of the one that is open, which goes on where the other cannot be had. */
  async #exchange(
    deviceId: string,
    request: number,
  ): Promise<{ track: MediaStreamTrack | undefined; error?: unknown }> {
    try {
      return { track: await getTrack(this.kind, deviceId, true) };
    } catch (error) {
      const before = this.track.value && this.#opened?.deviceId;
      const isNewest = request === this.#request;
      if (before === undefined || !isNewest || !isBusy(error) || !opensOneAtATime(this.kind)) {
        return { track: undefined, error };
      }
      this.#drop();
      try {
        return { track: await getTrack(this.kind, deviceId, true) };
      } catch {
        return { track: await getTrack(this.kind, before).catch(() => undefined), error };
      }
    }
  }

  async #openAny(): Promise<boolean> {
    await this.open();
    return this.track.value !== undefined;
  }

  /** @returns whether the device is used now. Until then the other one goes on. */
  async #takeBack(deviceId: string): Promise<boolean> {
    const finish = this.begin();
    const track = await getTrack(this.kind, deviceId, true).catch(() => undefined);
    finish(track);
    return track !== undefined;
  }

  /** @returns whether it succeeded before the next request */
  async #retry(attempt: () => Promise<boolean>): Promise<boolean> {
    for (let count = 1; ; count++) {
      const tried = attempt();
      const request = this.#request;
      const worked = await tried;
      // The user chose another one, switched it off or left meanwhile.
      if (request !== this.#request) return false;
      const isRefused = isNotAllowed(this.error.value);
      if (worked || isRefused || count === COME_BACK_ATTEMPTS) return worked;
      await new Promise((resolve) => setTimeout(resolve, COME_BACK_RETRY_MS));
      if (request !== this.#request) return false;
    }
  }

  #use(track: MediaStreamTrack): void {
    this.#drop();
    track.contentHint = this.kind === 'microphone' ? 'speech' : 'motion';
    track.enabled = this.on.value;
    track.addEventListener('ended', () => void this.#lost(track));
    for (const event of ['mute', 'unmute']) {
      track.addEventListener(event, () => this.#onMute(track));
    }
    const { deviceId = '', groupId = '' } = track.getSettings();
    const opened: Opened = { deviceId, groupId, permission: undefined };
    this.#opened = opened;
    void permissionOf(this.kind).then((state) => {
      opened.permission = state;
    });
    this.track.value = track;
    this.#onMute(track);
  }

  #drop(): void {
    const track = this.track.value;
    clearTimeout(this.#silencing);
    batch(() => {
      this.track.value = undefined;
      this.silenced.value = false;
    });
    track?.stop();
  }

  #onMute(track: MediaStreamTrack): void {
    if (this.track.value !== track) return;
    clearTimeout(this.#silencing);
    if (track.muted) {
      this.#silencing = setTimeout(() => {
        this.silenced.value = true;
      }, SILENCED_AFTER_MS);
    } else {
      this.silenced.value = false;
    }
  }

  /** The browser ended the track itself: unplugged, or the permission was taken back. */
  async #lost(track: MediaStreamTrack): Promise<void> {
    if (this.track.value !== track) return;
    const opened = this.#opened;
    this.#drop();
    this.#missing = opened?.deviceId ?? '';
    const { kind } = this;
    const request = this.#request;
    const permission = await permissionOf(kind);
    // Another one is asked for already.
    if (request !== this.#request || this.track.value || this.pending.value) return;
    const isRevoked = opened?.permission === 'granted' && permission !== 'granted';
    if (isRevoked) {
      this.error.value = permissionRevoked();
      return;
    }
    if (this.on.value) await this.open();
    if (isNotAllowed(this.error.value)) {
      this.error.value = permissionRevoked();
      return;
    }
    this.#options.onNews({ type: 'lost', kind, instead: this.track.peek()?.label });
  }
}

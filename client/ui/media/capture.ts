// One camera or one microphone of this computer: switched on and off, changed, lost and found again.
import { batch, signal } from '@preact/signals';
import type { ListedDevice } from './changes/come-back.ts';
import { getTrack } from './changes/get-track.ts';
import { loadRecovery } from './changes/load-recovery.ts';
import type { DeviceNews } from './changes/news.ts';
import type { Opened } from './changes/recovery.ts';
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

/**
 * A camera that is off is released, so that its light goes out. A microphone that is off stays open
 * and sends nothing, so that it is back without a delay.
 */
export class Capture {
  readonly kind: DeviceKind;
  /** What the user wants. Whether there is anything to send, `track` says. */
  readonly on;
  readonly track = signal<MediaStreamTrack | undefined>(undefined);
  readonly pending = signal(false);
  /** The error of getUserMedia, while the device is wanted and cannot be had. */
  readonly error = signal<unknown>(undefined);
  /** The system, a switch or a headset's button mutes what is open. */
  readonly silenced = signal(false);
  /** The device that the user prefers; another one may be open while it is gone. */
  readonly deviceId;
  readonly #options: CaptureOptions;
  opened: Opened | undefined;
  /** What was open when it was unplugged, in case that nothing was preferred. */
  missing = '';
  #silencing: ReturnType<typeof setTimeout> | undefined;
  /** Counts requests: only the newest one's answer is used. */
  #request = 0;

  constructor(options: CaptureOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.on = signal(options.on);
    this.deviceId = signal(options.deviceId);
  }

  /** What is open says more than what was asked for. */
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

  /** The number of the newest request; see `begin`. */
  get newest(): number {
    return this.#request;
  }

  /** Uses another device from now on, also when it is off at the moment. */
  async choose(deviceId: string): Promise<void> {
    if (!this.on.value && !this.track.value) return this.keep(deviceId);
    const recovery = await loadRecovery();
    if (recovery) return recovery.exchange(this, deviceId);
    const { kind } = this;
    const label = this.labelOf(deviceId);
    this.tell({
      type: 'refused',
      kind,
      label,
      error: undefined,
      left: this.track.value !== undefined,
    });
  }

  /** Opens the preferred device, or another one. Never throws: what went wrong is in `error`. */
  async open(): Promise<void> {
    const finish = this.begin();
    try {
      finish(await getTrack(this.kind, this.deviceId.value || this.missing));
    } catch (error) {
      finish(undefined, error);
    }
  }

  /**
   * Announces a request whose answer is given to the function returned. What is open goes on unless
   * there is another track, or an error.
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
        else if (error !== undefined) this.drop();
      });
    };
  }

  release(): void {
    this.#request++;
    this.pending.value = false;
    this.drop();
  }

  /** The list of devices changed. */
  async onDevices(before: readonly ListedDevice[], now: readonly ListedDevice[]): Promise<void> {
    // Most changes are of no concern to what is open; until something was asked for, none is.
    if (this.#request === 0) return;
    await (await loadRecovery())?.devicesChanged(this, before, now);
  }

  keep(deviceId: string): void {
    this.deviceId.value = deviceId;
    this.missing = '';
    this.#options.onChosen(this.kind, deviceId);
  }

  labelOf(deviceId: string): string {
    return this.#options.labelOf(deviceId);
  }

  tell(news: DeviceNews): void {
    this.#options.onNews(news);
  }

  #use(track: MediaStreamTrack): void {
    this.drop();
    track.contentHint = this.kind === 'microphone' ? 'speech' : 'motion';
    track.enabled = this.on.value;
    track.addEventListener('ended', () => void this.#lost(track));
    for (const event of ['mute', 'unmute']) {
      track.addEventListener(event, () => this.#onMute(track));
    }
    const { deviceId = '', groupId = '' } = track.getSettings();
    const opened: Opened = { deviceId, groupId, permission: undefined };
    this.opened = opened;
    void loadRecovery().then((recovery) => recovery?.rememberPermission(this.kind, opened));
    this.track.value = track;
    this.#onMute(track);
  }

  drop(): void {
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
    const { opened } = this;
    this.drop();
    this.missing = opened?.deviceId ?? '';
    const request = this.#request;
    const recovery = await loadRecovery();
    if (recovery) return recovery.afterLoss(this, opened, request);
    // Without it, another device or none, as at the start.
    if (request === this.#request && this.on.value) await this.open();
  }
}

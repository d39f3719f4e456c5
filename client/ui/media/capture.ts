// One camera or one microphone of this computer: switched on and off, changed, and lost.
import { signal } from '@preact/signals';
import { constraintsFor } from './constraints.ts';
import type { DeviceKind } from './device-problem.ts';

export interface CaptureOptions {
  kind: DeviceKind;
  on: boolean;
  /** The device used last time; another one is taken where it is gone. */
  deviceId: string;
  /** The device was unplugged. `track` is what is used instead, if there is anything. */
  onLost: (kind: DeviceKind, track: MediaStreamTrack | undefined) => void;
}

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
  /** What getUserMedia threw, while the device is wanted and cannot be had. */
  readonly error = signal<unknown>(undefined);
  readonly deviceId;
  readonly #onLost: CaptureOptions['onLost'];
  /** Counts requests: only the newest one's answer is used. */
  #request = 0;

  constructor({ kind, on, deviceId, onLost }: CaptureOptions) {
    this.kind = kind;
    this.on = signal(on);
    this.deviceId = signal(deviceId);
    this.#onLost = onLost;
  }

  /** What is open says more than what was asked for. */
  get currentDevice(): string {
    return this.track.value?.getSettings().deviceId ?? this.deviceId.value;
  }

  async setOn(on: boolean): Promise<void> {
    this.on.value = on;
    if (!on) {
      this.error.value = undefined;
      if (this.kind === 'camera') this.release();
    }
    const track = this.track.value;
    if (track) track.enabled = on;
    else if (on) await this.open();
  }

  /** Uses another device from now on, also when it is off at the moment. */
  async choose(deviceId: string): Promise<void> {
    this.deviceId.value = deviceId;
    if (!this.on.value && !this.track.value) return;
    await this.open(true);
  }

  /** Opens the chosen device. Never throws: what went wrong is in `error`. */
  async open(exact = false): Promise<void> {
    const finish = this.begin();
    try {
      finish(await this.#getTrack(this.deviceId.value, exact));
    } catch (error) {
      finish(undefined, error);
    }
  }

  /** Announces a request whose answer is given to the function returned. */
  begin(): (track: MediaStreamTrack | undefined, error?: unknown) => void {
    const request = ++this.#request;
    this.pending.value = true;
    return (track, error) => {
      if (request !== this.#request) return track?.stop();
      this.pending.value = false;
      this.error.value = track ? undefined : error;
      if (track) this.#use(track);
      else if (error !== undefined) this.#drop();
    };
  }

  release(): void {
    this.#request++;
    this.pending.value = false;
    this.#drop();
  }

  async #getTrack(deviceId: string, exact: boolean): Promise<MediaStreamTrack> {
    if (!navigator.mediaDevices) throw new TypeError('navigator.mediaDevices is missing');
    try {
      return await getTrack(this.kind, deviceId, exact);
    } catch (error) {
      // Phones open one camera at a time: try once more without the old one.
      if (!this.track.value || !isBusy(error)) throw error;
      this.#drop();
      return await getTrack(this.kind, deviceId, exact);
    }
  }

  #use(track: MediaStreamTrack): void {
    this.#drop();
    track.contentHint = this.kind === 'microphone' ? 'speech' : 'motion';
    track.enabled = this.on.value;
    track.addEventListener('ended', () => void this.#lost(track));
    this.track.value = track;
  }

  #drop(): void {
    const track = this.track.value;
    this.track.value = undefined;
    track?.stop();
  }

  /** The browser ended the track itself: unplugged, or the permission was taken back. */
  async #lost(track: MediaStreamTrack): Promise<void> {
    if (this.track.value !== track) return;
    this.track.value = undefined;
    this.deviceId.value = '';
    if (this.on.value) await this.open();
    this.#onLost(this.kind, this.track.value);
  }
}

async function getTrack(
  kind: DeviceKind,
  deviceId: string,
  exact: boolean,
): Promise<MediaStreamTrack> {
  const constraints = constraintsFor(kind, deviceId, exact);
  const stream = await navigator.mediaDevices.getUserMedia(
    kind === 'microphone' ? { audio: constraints } : { video: constraints },
  );
  const [track] = stream.getTracks();
  if (!track) throw new DOMException('No track came', 'NotFoundError');
  return track;
}

function isBusy(error: unknown): boolean {
  return error instanceof DOMException && /NotReadable|Abort/.test(error.name);
}

// Everything that this computer can send and play: its microphone, camera, screen and speakers.
import { computed, effect, signal } from '@preact/signals';
import type { LocalTrackInput } from '../../sdk/session/types.ts';
import { type DeviceChoice, remembered } from '../kit/storage.ts';
import { Capture } from './capture.ts';
import { constraintsFor } from './constraints.ts';
import type { DeviceKind } from './device-problem.ts';
import { listDevices, NO_DEVICES } from './devices.ts';
import { ScreenCapture } from './screen.ts';

export interface DeviceFailure {
  kind: DeviceKind;
  /** What getUserMedia threw. */
  error: unknown;
}

export class LocalMedia {
  readonly microphone: Capture;
  readonly camera: Capture;
  readonly screen = new ScreenCapture();
  readonly devices = signal(NO_DEVICES);
  readonly speakerId;
  /** Set by the call, which has a place to show it. */
  onLost: (kind: DeviceKind, track: MediaStreamTrack | undefined) => void = () => {};
  /** What is wanted and cannot be had; `describeFailures` has the words for it. */
  readonly failures = computed<readonly DeviceFailure[]>(() =>
    [this.camera, this.microphone]
      .filter(({ on, error }) => on.value && error.value !== undefined)
      .map(({ kind, error }) => ({ kind, error: error.value })),
  );
  readonly #cleanups: (() => void)[] = [];

  constructor() {
    const choice = remembered.devices.get();
    const onLost: LocalMedia['onLost'] = (kind, track) => this.onLost(kind, track);
    this.microphone = new Capture({
      kind: 'microphone',
      on: remembered.microphoneOff.get() === '',
      deviceId: choice.microphone ?? '',
      onLost,
    });
    this.camera = new Capture({
      kind: 'camera',
      on: remembered.cameraOff.get() === '',
      deviceId: choice.camera ?? '',
      onLost,
    });
    this.speakerId = signal(choice.speaker ?? '');
    const refresh = () => void this.#refreshDevices();
    navigator.mediaDevices?.addEventListener('devicechange', refresh);
    this.#cleanups.push(
      () => navigator.mediaDevices?.removeEventListener('devicechange', refresh),
      effect(() => {
        // Names and ids are told only once something is open.
        if (this.microphone.track.value || this.camera.track.value) refresh();
      }),
      effect(() => this.#rememberDevices()),
    );
  }

  /**
   * Opens what is wanted with one question to the user. Where one device fails the other is tried
   * alone: a missing camera must not cost the microphone.
   */
  async start(): Promise<void> {
    const wanted = [this.microphone, this.camera].filter((capture) => capture.on.value);
    const [only, other] = wanted;
    if (!only) return;
    if (!other) return only.open();
    const finish = wanted.map((capture) => capture.begin());
    try {
      if (!navigator.mediaDevices) throw new TypeError('navigator.mediaDevices is missing');
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: constraintsFor('microphone', this.microphone.deviceId.value),
        video: constraintsFor('camera', this.camera.deviceId.value),
      });
      for (const [index, tracks] of [stream.getAudioTracks(), stream.getVideoTracks()].entries()) {
        finish[index]?.(tracks[0]);
      }
    } catch (error) {
      for (const done of finish) done(undefined, error);
      await Promise.all(
        wanted.map(async (capture) => {
          if (capture.error.value === error && (await worthAlone(capture.kind, error))) {
            await capture.open();
          }
        }),
      );
    }
  }

  /** How somebody enters a call is how they want to enter the next one. */
  rememberSwitches(): void {
    remembered.microphoneOff.set(this.microphone.on.value ? '' : '1');
    remembered.cameraOff.set(this.camera.on.value ? '' : '1');
  }

  /** What a join publishes at once. */
  publishable(): LocalTrackInput[] {
    const inputs: LocalTrackInput[] = [];
    const microphone = this.microphone.track.value;
    const camera = this.camera.track.value;
    if (microphone) {
      inputs.push({ source: 'microphone', track: microphone, muted: !this.microphone.on.value });
    }
    if (camera) inputs.push({ source: 'camera', track: camera });
    return inputs;
  }

  /** Gives every device back. It can be started again. */
  release(): void {
    this.microphone.release();
    this.camera.release();
    this.screen.stop();
  }

  close(): void {
    this.release();
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }

  async #refreshDevices(): Promise<void> {
    try {
      this.devices.value = listDevices(await navigator.mediaDevices.enumerateDevices());
    } catch {
      // The pickers stay as they are.
    }
  }

  #rememberDevices(): void {
    const choice: DeviceChoice = {
      microphone: this.microphone.deviceId.value,
      camera: this.camera.deviceId.value,
      speaker: this.speakerId.value,
    };
    remembered.devices.set(choice);
  }
}

/**
 * Asking again after a refusal would only raise the same question, unless one of the two devices is
 * allowed already.
 */
async function worthAlone(kind: DeviceKind, error: unknown): Promise<boolean> {
  if (!navigator.mediaDevices) return false;
  if (!(error instanceof DOMException && error.name === 'NotAllowedError')) return true;
  try {
    const permission = await navigator.permissions.query({ name: kind as PermissionName });
    return permission.state === 'granted';
  } catch {
    return false;
  }
}

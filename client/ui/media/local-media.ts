// Everything that this computer can send and play: its microphone, camera, screen and speakers.
import { computed, effect, signal } from '@preact/signals';
import type { LocalTrackInput } from '../../sdk/session/types.ts';
import { remembered } from '../kit/storage.ts';
import { Capture } from './capture.ts';
import { loadRecovery } from './changes/load-recovery.ts';
import type { DeviceNews } from './changes/news.ts';
import { constraintsFor } from './constraints.ts';
import type { DeviceKind } from './device-problem.ts';
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
  /** As the browser lists them; `listDevices` has the names for them. */
  readonly devices = signal<readonly MediaDeviceInfo[]>([]);
  /** The speaker that the user prefers; '' for the system's default. */
  readonly speakerId;
  /** The preferred speaker while it is there, or ''. */
  readonly speaker = computed(() => speakerInUse(this.speakerId.value, this.devices.value));
  /** The last thing that happened to a device by itself; `newsText` has the words for it. */
  readonly news = signal<DeviceNews | undefined>(undefined);
  /** What is wanted and cannot be had; `describeFailures` has the words for it. */
  readonly failures = computed<readonly DeviceFailure[]>(() =>
    [this.camera, this.microphone]
      .filter(({ on, error }) => on.value && error.value !== undefined)
      .map(({ kind, error }) => ({ kind, error: error.value })),
  );
  /** What is wanted, is open, and is muted by the system. */
  readonly silenced = computed<readonly DeviceKind[]>(() =>
    [this.microphone, this.camera]
      .filter(({ on, silenced }) => on.value && silenced.value)
      .map(({ kind }) => kind),
  );
  readonly #cleanups: (() => void)[] = [];
  /** Counts lists: only the newest one's answer is used. */
  #lists = 0;
  /** Counts releases: what was asked for before one is not tried again after it. */
  #releases = 0;

  constructor() {
    const choice = remembered.devices.get();
    const shared = {
      onNews: (news: DeviceNews) => this.#tell(news),
      onChosen: remember,
      labelOf: (deviceId: string) =>
        this.devices.peek().find((device) => device.deviceId === deviceId)?.label ?? '',
    };
    this.microphone = new Capture({
      kind: 'microphone',
      on: remembered.microphoneOff.get() === '',
      deviceId: choice.microphone ?? '',
      ...shared,
    });
    this.camera = new Capture({
      kind: 'camera',
      on: remembered.cameraOff.get() === '',
      deviceId: choice.camera ?? '',
      ...shared,
    });
    this.speakerId = signal(choice.speaker ?? '');
    const refresh = () => void this.#refreshDevices();
    navigator.mediaDevices?.addEventListener('devicechange', refresh);
    this.#cleanups.push(
      () => navigator.mediaDevices?.removeEventListener('devicechange', refresh),
      effect(() => {
        // Browsers list names and ids only once a device is open, or was allowed before.
        void [this.microphone.track.value, this.camera.track.value];
        refresh();
      }),
      effect(() => {
        if (this.speakerId.value !== (remembered.devices.get().speaker ?? '')) {
          remember('speaker', this.speakerId.value);
        }
      }),
    );
    for (const capture of [this.microphone, this.camera]) {
      const { kind } = capture;
      this.#cleanups.push(
        effect(() => {
          if (capture.silenced.value && capture.on.value) this.#tell({ type: 'silenced', kind });
        }),
        watchGrants(capture),
      );
    }
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
    const releases = this.#releases;
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
          const isWanted = () => releases === this.#releases && capture.error.value === error;
          if (!isWanted() || !(await worthAlone(capture.kind, error))) return;
          // The page may have been left during the question.
          if (isWanted() && capture.on.value) await capture.open();
        }),
      );
    }
  }

  /** The next call begins with the switches of this one. */
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
      const muted = !this.microphone.on.value || this.microphone.silenced.value;
      inputs.push({ source: 'microphone', track: microphone, muted });
    }
    if (camera) {
      inputs.push({ source: 'camera', track: camera, muted: this.camera.silenced.value });
    }
    return inputs;
  }

  /** Gives every device back. It can be started again. */
  release(): void {
    this.#releases++;
    this.news.value = undefined;
    this.microphone.release();
    this.camera.release();
    this.screen.stop();
  }

  close(): void {
    this.release();
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }

  #tell(news: DeviceNews): void {
    this.news.value = news;
  }

  async #refreshDevices(): Promise<void> {
    const list = ++this.#lists;
    const listed = await navigator.mediaDevices?.enumerateDevices().catch(() => undefined);
    // The pickers stay as they are when the browser does not answer.
    if (!listed || list !== this.#lists) return;
    const before = this.devices.value;
    this.devices.value = listed;
    const chosen = this.speakerId.value;
    if (chosen !== '') {
      const recovery = await loadRecovery();
      const change = recovery?.speakerNews(chosen, before, listed);
      if (change) this.#tell(change);
    }
    await Promise.all(
      [this.microphone, this.camera].map((capture) => capture.onDevices(before, listed)),
    );
  }
}

/** @returns the chosen one while it is there, or '' for the system's default */
export function speakerInUse(
  chosen: string,
  devices: readonly Pick<MediaDeviceInfo, 'kind' | 'deviceId'>[],
): string {
  const isThere = devices.some(
    ({ kind, deviceId }) => kind === 'audiooutput' && deviceId === chosen,
  );
  return isThere ? chosen : '';
}

/** Only what changed: another tab may have changed the rest. */
function remember(what: DeviceKind | 'speaker', deviceId: string): void {
  remembered.devices.set({ ...remembered.devices.get(), [what]: deviceId });
}

/**
 * Asking again after a refusal would only raise the same question, unless one of the two devices is
 * allowed already.
 */
async function worthAlone(kind: DeviceKind, error: unknown): Promise<boolean> {
  if (!navigator.mediaDevices) return false;
  if (!(error instanceof DOMException && error.name === 'NotAllowedError')) return true;
  return (await (await loadRecovery())?.isGranted(kind)) ?? false;
}

/** From the first request on: before it there is no refusal that could be taken back. */
function watchGrants(capture: Capture): () => void {
  let end: (() => void) | undefined;
  let isLoading = false;
  let ended = false;
  const stop = effect(() => {
    if (!capture.pending.value || end || isLoading) return;
    isLoading = true;
    void loadRecovery().then((recovery) => {
      isLoading = false;
      if (!ended) end = recovery?.watchGrants(capture);
    });
  });
  return () => {
    ended = true;
    stop();
    end?.();
  };
}

// What a camera or a microphone does when it is lost, found again, or exchanged. Loaded late: it is needed
// once a device is open.
import type { Signal } from '@preact/signals';
import type { DeviceKind } from '../device-problem.ts';
import { listDevices } from '../devices.ts';
import { comeBack, type ListedDevice } from './come-back.ts';
import { getTrack } from './get-track.ts';
import type { DeviceNews } from './news.ts';
import { permissionOf, permissionRevoked, watchPermission } from './permission.ts';
import { isBusy, isNotAllowed, opensOneAtATime } from './refusals.ts';
import { speakerChange } from './speaker.ts';

/** A device that was plugged in a moment ago may need longer than the browser to be ready. */
const COME_BACK_ATTEMPTS = 4;
const COME_BACK_RETRY_MS = 700;

/** The open device, as it was when it was opened: a track that ended has forgotten it. */
export interface Opened {
  readonly deviceId: string;
  readonly groupId: string;
  /** `granted` until it is taken back; undefined where the browser has no such answer. */
  permission: PermissionState | undefined;
}

/** What is needed of a capture. */
export interface Recoverable {
  readonly kind: DeviceKind;
  readonly on: Signal<boolean>;
  readonly track: Signal<MediaStreamTrack | undefined>;
  readonly pending: Signal<boolean>;
  readonly error: Signal<unknown>;
  readonly deviceId: Signal<string>;
  readonly opened: Opened | undefined;
  /** What was open when it was unplugged, in case that nothing was preferred; or ''. */
  missing: string;
  /** Counts requests: only the newest one's answer is used. */
  readonly newest: number;
  begin(): (track: MediaStreamTrack | undefined, error?: unknown) => void;
  open(): Promise<void>;
  drop(): void;
  /** The user's choice, which works. */
  keep(deviceId: string): void;
  labelOf(deviceId: string): string;
  tell(news: DeviceNews): void;
}

/** The list of devices changed. */
export async function devicesChanged(
  capture: Recoverable,
  before: readonly ListedDevice[],
  now: readonly ListedDevice[],
): Promise<void> {
  const { kind, on, track, pending, error, opened } = capture;
  if (pending.value) return;
  const facts = {
    kind,
    wanted: on.value || track.value !== undefined,
    preferred: capture.deviceId.value || capture.missing,
    open: track.value && opened,
    error: error.value,
  };
  const action = comeBack(facts, before, now);
  if (action === undefined) return;
  const hadTrack = track.value !== undefined;
  const found = await retry(capture, () =>
    action === 'any' ? openAny(capture) : takeBack(capture, action.device),
  );
  if (!found || !on.value) return;
  if (hadTrack || capture.missing !== '') {
    capture.tell({ type: 'back', kind, label: track.value?.label ?? '' });
  }
  if (capture.opened?.deviceId === capture.missing) capture.missing = '';
}

/**
 * The browser ended the track itself: the device was unplugged, or the permission was taken back.
 *
 * @param request the newest one at that moment
 */
export async function afterLoss(
  capture: Recoverable,
  lost: Opened | undefined,
  request: number,
): Promise<void> {
  const { kind, on, track, error } = capture;
  const permission = await permissionOf(kind);
  // Another one is asked for already.
  if (request !== capture.newest || track.value || capture.pending.value) return;
  const isRevoked = lost?.permission === 'granted' && permission !== 'granted';
  if (isRevoked) {
    error.value = permissionRevoked();
    return;
  }
  if (on.value) await capture.open();
  if (isNotAllowed(error.value)) {
    error.value = permissionRevoked();
    return;
  }
  capture.tell({ type: 'lost', kind, instead: track.peek()?.label });
}

/** Another device from now on. Where it cannot be had, the one before goes on and stays preferred. */
export async function exchange(capture: Recoverable, deviceId: string): Promise<void> {
  const { kind } = capture;
  const finish = capture.begin();
  const request = capture.newest;
  const { track, error } = await openInstead(capture, deviceId, request);
  const isStale = request !== capture.newest;
  finish(track, capture.track.value ? undefined : error);
  if (isStale) return;
  if (error === undefined) return capture.keep(deviceId);
  const left = capture.track.value !== undefined;
  const label = capture.labelOf(deviceId);
  capture.tell({ type: 'refused', kind, label, error, left });
}

/** Says when the user gives the permission that was missing; also when that was while we were loaded. */
export function watchGrants(capture: Recoverable): () => void {
  return watchPermission(capture.kind, (state) => {
    if (state !== 'granted' || !capture.on.value) return;
    if (capture.track.value || capture.pending.value) return;
    if (isNotAllowed(capture.error.value)) void capture.open();
  });
}

/** What the permission is while a device is open, to be compared with when it is lost. */
export async function rememberPermission(kind: DeviceKind, opened: Opened): Promise<void> {
  opened.permission = await permissionOf(kind);
}

/** What became of the chosen speaker between two lists. */
export function speakerNews(
  chosen: string,
  before: readonly MediaDeviceInfo[],
  now: readonly MediaDeviceInfo[],
): DeviceNews | undefined {
  return speakerChange(chosen, listDevices(before).speakers, listDevices(now).speakers);
}

export async function isGranted(kind: DeviceKind): Promise<boolean> {
  return (await permissionOf(kind)) === 'granted';
}

async function openInstead(
  capture: Recoverable,
  deviceId: string,
  request: number,
): Promise<{ track: MediaStreamTrack | undefined; error?: unknown }> {
  const { kind } = capture;
  try {
    return { track: await getTrack(kind, deviceId, true) };
  } catch (error) {
    const before = capture.track.value && capture.opened?.deviceId;
    const isNewest = request === capture.newest;
    if (before === undefined || !isNewest || !isBusy(error) || !opensOneAtATime(kind)) {
      return { track: undefined, error };
    }
    capture.drop();
    try {
      return { track: await getTrack(kind, deviceId, true) };
    } catch {
      return { track: await getTrack(kind, before).catch(() => undefined), error };
    }
  }
}

async function openAny(capture: Recoverable): Promise<boolean> {
  await capture.open();
  return capture.track.value !== undefined;
}

/** @returns whether the device is used now. Until then the other one goes on. */
async function takeBack(capture: Recoverable, deviceId: string): Promise<boolean> {
  const finish = capture.begin();
  const track = await getTrack(capture.kind, deviceId, true).catch(() => undefined);
  finish(track);
  return track !== undefined;
}

/** @returns whether it worked before anybody asked for something else */
async function retry(capture: Recoverable, attempt: () => Promise<boolean>): Promise<boolean> {
  for (let count = 1; ; count++) {
    const tried = attempt();
    const request = capture.newest;
    const worked = await tried;
    // Another device was chosen, it was switched off, or the page was left.
    if (request !== capture.newest) return false;
    const isRefused = isNotAllowed(capture.error.value);
    if (worked || isRefused || count === COME_BACK_ATTEMPTS) return worked;
    await new Promise((resolve) => setTimeout(resolve, COME_BACK_RETRY_MS));
    if (request !== capture.newest) return false;
  }
}

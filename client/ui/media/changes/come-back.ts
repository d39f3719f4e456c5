// Whether a camera or a microphone is opened again because the list of devices changed. Pure.

export type ListedDevice = Pick<MediaDeviceInfo, 'deviceId' | 'kind' | 'groupId'>;

export interface CaptureFacts {
  kind: 'camera' | 'microphone';
  /** The device is wanted, or open. */
  wanted: boolean;
  /** The device that its user prefers, or the one that was lost; '' for neither. */
  preferred: string;
  /** The open device. */
  open: { deviceId: string; groupId: string } | undefined;
  /** The error of getUserMedia, where no device is open. */
  error: unknown;
}

/** `device`: exactly this one, while the other goes on. `any`: the preferred one, or what there is. */
export type ComeBack = { device: string } | 'any' | undefined;

/** Names of Chromium's for what the system chose: another device may be behind them at any time. */
const ALIASES: ReadonlySet<string> = new Set(['default', 'communications']);

export function comeBack(
  { kind, wanted, preferred, open, error }: CaptureFacts,
  before: readonly ListedDevice[],
  now: readonly ListedDevice[],
): ComeBack {
  const of = (devices: readonly ListedDevice[]) =>
    devices.filter((device) => device.kind === (kind === 'camera' ? 'videoinput' : 'audioinput'));
  const listed = of(now);
  if (!wanted || listed.length === 0) return undefined;
  if (!open) return isHopeful(error) ? 'any' : undefined;
  if (ALIASES.has(open.deviceId)) {
    const groupId = listed.find(({ deviceId }) => deviceId === open.deviceId)?.groupId;
    const isAnother = groupId && open.groupId && groupId !== open.groupId;
    if (isAnother && (preferred === '' || preferred === open.deviceId)) {
      return { device: open.deviceId };
    }
  }
  if (preferred === '' || preferred === open.deviceId) return undefined;
  const isIn = (devices: readonly ListedDevice[]) =>
    devices.some(({ deviceId }) => deviceId === preferred);
  // Before the permission is given no device has an id. Getting one then is not plugging in.
  const hadIds = of(before).some(({ deviceId }) => deviceId !== '');
  return hadIds && !isIn(of(before)) && isIn(listed) ? { device: preferred } : undefined;
}

/** Whether another device can help. After a refusal it would only raise the same question again. */
function isHopeful(error: unknown): boolean {
  if (error === undefined) return false;
  const name = error instanceof Error ? error.name : '';
  return !/NotAllowed|PermissionDenied|Security|TypeError/.test(name);
}

// The permission for a camera or a microphone, where the browser reports it.
import type { DeviceKind } from '../device-problem.ts';

/** Undefined where the browser does not report it. */
export async function permissionOf(kind: DeviceKind): Promise<PermissionState | undefined> {
  return (await query(kind))?.state;
}

/** @returns a function that ends it */
export function watchPermission(
  kind: DeviceKind,
  onState: (state: PermissionState) => void,
): () => void {
  let status: PermissionStatus | undefined;
  let ended = false;
  const report = () => status && onState(status.state);
  void query(kind).then((answer) => {
    if (ended || !answer) return;
    status = answer;
    status.addEventListener('change', report);
  });
  return () => {
    ended = true;
    status?.removeEventListener('change', report);
  };
}

/** As an error of getUserMedia, for {@link deviceProblem}. */
export function permissionRevoked(): DOMException {
  return new DOMException('Permission revoked', 'NotAllowedError');
}

async function query(kind: DeviceKind): Promise<PermissionStatus | undefined> {
  try {
    return await navigator.permissions.query({ name: kind as PermissionName });
  } catch {
    return undefined;
  }
}

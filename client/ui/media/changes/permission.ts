// What the browser says of the permission for a camera or a microphone, where it says anything.
import type { DeviceKind } from '../device-problem.ts';

/** Undefined where the browser does not tell. */
export async function permissionOf(kind: DeviceKind): Promise<PermissionState | undefined> {
  return (await query(kind))?.state;
}

/** Tells what it is, and each change. @returns a function that ends it */
export function watchPermission(
  kind: DeviceKind,
  onState: (state: PermissionState) => void,
): () => void {
  let status: PermissionStatus | undefined;
  let ended = false;
  const tell = () => status && onState(status.state);
  void query(kind).then((answer) => {
    if (ended || !answer) return;
    status = answer;
    status.addEventListener('change', tell);
    tell();
  });
  return () => {
    ended = true;
    status?.removeEventListener('change', tell);
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

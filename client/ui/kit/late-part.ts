// Reloads the page when one of its files cannot be loaded: after a release the server has newer files only.
// Never during a call.

/** Another full load does not help a part that fails again this soon. Milliseconds. */
const RELOAD_AGAIN_AFTER_MS = 30_000;
const STORED_AT = 'parley.reloadedAt';

let calls = 0;

/** Prevents a full load, which would end the call. @returns a function for the end of the call */
export function blockReload(): () => void {
  calls += 1;
  let blocked = true;
  return () => {
    if (blocked) calls -= 1;
    blocked = false;
  };
}

export function isReloadBlocked(): boolean {
  return calls > 0;
}

/** Pure. @param reloadedAt UTC milliseconds of the last full load for this reason, or undefined */
export function mayReload(
  blocked: boolean,
  reloadedAt: number | undefined,
  nowMs: number,
): boolean {
  if (blocked) return false;
  return reloadedAt === undefined || Math.abs(nowMs - reloadedAt) >= RELOAD_AGAIN_AFTER_MS;
}

/**
 * Loads the whole page again where that can help: outside a call, not twice in a row, and only while the server
 * can be reached. Otherwise the browser would show its own error page.
 *
 * @returns whether the page is being loaded
 */
export async function reloadForMissingPart(): Promise<boolean> {
  const stored = Number(read());
  if (!mayReload(isReloadBlocked(), stored > 0 ? stored : undefined, Date.now())) return false;
  const reached = await fetch(location.href, { method: 'HEAD', cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );
  // Without storage the page could reload for ever.
  if (!reached || isReloadBlocked() || !write(String(Date.now()))) return false;
  location.reload();
  return true;
}

function read(): string | null {
  try {
    return sessionStorage.getItem(STORED_AT);
  } catch {
    return null;
  }
}

function write(value: string): boolean {
  try {
    sessionStorage.setItem(STORED_AT, value);
    return true;
  } catch {
    return false;
  }
}

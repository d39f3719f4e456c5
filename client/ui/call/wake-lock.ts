// Keeps the screen awake during a call, where the browser can.

/** @returns a function that releases it */
export function keepAwake(): () => void {
  if (!('wakeLock' in navigator)) return () => {};
  let lock: WakeLockSentinel | undefined;
  let ended = false;
  const request = async () => {
    // The browser drops the lock whenever the page is hidden.
    if (document.visibilityState !== 'visible' || ended) return;
    try {
      lock = await navigator.wakeLock.request('screen');
      if (ended) await lock.release();
    } catch {
      // Refused, for example with a low battery: the call goes on.
    }
  };
  document.addEventListener('visibilitychange', request);
  void request();
  return () => {
    ended = true;
    document.removeEventListener('visibilitychange', request);
    lock?.release().catch(() => {});
  };
}

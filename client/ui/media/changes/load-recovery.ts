// Loads what devices do when they change, as soon as there is anything to lose; a page keeps it then,
// also when the server has a newer page without this file.
export type Recovery = typeof import('./recovery.ts');

/** Undefined where it cannot be had now. It is asked for again at the next need. */
export async function loadRecovery(): Promise<Recovery | undefined> {
  try {
    return await import('./recovery.ts');
  } catch {
    return undefined;
  }
}

// The time of sending, at the end of each payload: a media server forwards payloads as they are, so the receiver
// in the same run reads how long a packet travelled.

/** The run's number, and a time as a double. */
export const STAMP_BYTES = 12;

/**
 * @param run tells packets of this run from those of others, whose clocks are not ours
 * @param sentAtMs on the clock of this process
 */
export function writeStamp(payload: Uint8Array, run: number, sentAtMs: number): void {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  view.setUint32(payload.length - STAMP_BYTES, run);
  view.setFloat64(payload.length - STAMP_BYTES + 4, sentAtMs);
}

/** @returns when it was sent; undefined for a packet that this run did not send */
export function readStamp(payload: Uint8Array, run: number): number | undefined {
  if (payload.length < STAMP_BYTES) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (view.getUint32(payload.length - STAMP_BYTES) !== run) return undefined;
  return view.getFloat64(payload.length - STAMP_BYTES + 4);
}

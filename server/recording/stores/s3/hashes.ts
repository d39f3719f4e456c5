// Checksums of what is sent, computed in steps so that a recorder's other work goes on between them.
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';

/** In hex. */
export interface Hashes {
  md5: string;
  sha256: string;
}

/** A millisecond's work or two. */
const STEP_BYTES = 512 * 1024;

export async function hashesOf(bytes: Buffer): Promise<Hashes> {
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  for (let at = 0; at < bytes.length; at += STEP_BYTES) {
    if (at > 0) await turn();
    const step = bytes.subarray(at, at + STEP_BYTES);
    md5.update(step);
    sha256.update(step);
  }
  return { md5: md5.digest('hex'), sha256: sha256.digest('hex') };
}

/** As HTTP headers have it. */
export function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

// Large frames of the server arrive compressed, where this computer can inflate them.
import { FEATURES, type Feature } from '../../../shared/protocol/protocol.ts';

/** Browsers have it since 2020 to 2023. */
const canInflate = typeof DecompressionStream === 'function';

/** What a client says that it understands. */
export function features(): Feature[] {
  return FEATURES.filter((feature) => feature !== 'deflate' || canInflate);
}

/** @param bytes a frame in the zlib format. @throws TypeError when it is none */
export function inflate(bytes: ArrayBuffer): Promise<string> {
  const inflating = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(inflating).text();
}

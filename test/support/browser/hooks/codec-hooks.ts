// Runs in the page before its own scripts: a device that encodes everything well, or a browser that cannot decode a
// codec. And what the test reads of codecs in the stats.
import type { StatsEntry } from '../page-hooks.ts';

/** Hardware that encodes whatever the browser can. Must not refer to anything outside itself. */
export function installAbleDevice(): void {
  const capabilities = navigator.mediaCapabilities;
  const original = capabilities.encodingInfo.bind(capabilities);
  capabilities.encodingInfo = async (configuration) => {
    const info = await original(configuration);
    return { ...info, smooth: info.supported, powerEfficient: info.supported };
  };
}

/** A browser without the decoders of these codecs. Must not refer to anything outside itself. */
export function installWithoutDecoders(codecs: readonly string[]): void {
  const prototype = RTCPeerConnection.prototype;
  const original = prototype.createOffer;
  const strip = (sdp: string): string => {
    const payloads = new Set<string>();
    for (const [, payload = '', name = ''] of sdp.matchAll(/^a=rtpmap:(\d+) ([\w-]+)/gm)) {
      if (codecs.includes(name.toUpperCase())) payloads.add(payload);
    }
    for (const [, payload = '', apt = ''] of sdp.matchAll(/^a=fmtp:(\d+) apt=(\d+)/gm)) {
      if (payloads.has(apt)) payloads.add(payload);
    }
    return sdp
      .split('\r\n')
      .filter((line) => !payloads.has(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+)/.exec(line)?.[1] ?? ''))
      .map((line) =>
        line.startsWith('m=video')
          ? line
              .split(' ')
              .filter((word, index) => index < 3 || !payloads.has(word))
              .join(' ')
          : line,
      )
      .join('\r\n');
  };
  // The SDK asks what can be received by an offer of a connection that only receives.
  prototype.createOffer = async function (this: RTCPeerConnection, ...args: unknown[]) {
    const offer = await (
      original as (...args: unknown[]) => Promise<RTCSessionDescriptionInit>
    ).apply(this, args);
    const isReceiving = this.getTransceivers().some(
      ({ direction, sender }) => direction !== 'sendonly' && sender.track === null,
    );
    return isReceiving && offer.sdp ? { ...offer, sdp: strip(offer.sdp) } : offer;
  } as typeof original;
}

/** A picture as it is sent: its codec, and each stream of it. */
export interface SentPicture {
  /** The stream's id. */
  id: string;
  codec: string;
  scalabilityMode: string;
  rid: string;
  width: number;
  height: number;
  frames: number;
}

/** What is sent of pictures now, the lowest stream first. */
export function sentPictures(connections: readonly StatsEntry[][]): SentPicture[] {
  return connections
    .flatMap((entries) => {
      const byId = new Map(entries.map((entry) => [entry.id, entry]));
      return entries
        .filter(({ type, kind }) => type === 'outbound-rtp' && kind === 'video')
        .map((entry) => ({
          id: entry.id,
          codec: codecOf(byId.get(entry.codecId ?? '')),
          scalabilityMode: entry.scalabilityMode ?? '',
          rid: entry.rid ?? '',
          width: entry.frameWidth ?? 0,
          height: entry.frameHeight ?? 0,
          frames: entry.framesEncoded ?? 0,
        }));
    })
    .sort((a, b) => a.rid.localeCompare(b.rid));
}

/** The codec in which each received track comes. */
export function receivedCodecs(connections: readonly StatsEntry[][]): Map<string, string> {
  return new Map(
    connections.flatMap((entries) => {
      const byId = new Map(entries.map((entry) => [entry.id, entry]));
      return entries
        .filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video')
        .map(({ trackIdentifier = '', codecId = '' }): [string, string] => [
          trackIdentifier,
          codecOf(byId.get(codecId)),
        ]);
    }),
  );
}

function codecOf(entry: StatsEntry | undefined): string {
  return entry?.mimeType?.replace('video/', '') ?? '';
}

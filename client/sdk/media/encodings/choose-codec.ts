// The video codec to send: the first of those preferred that the device encodes well and all receivers decode. Pure.
import { VIDEO_CODECS, type VideoCodec } from '../../../../shared/media/media.ts';

/** A codec, and whether it carries its layers in one stream. */
export interface SentAs {
  readonly codec: VideoCodec;
  readonly layered: boolean;
}

/** How a browser says that it encodes a camera with one codec. */
export interface CodecAbility {
  /** It keeps up with the frames. */
  readonly smooth: boolean;
  /** A part of the hardware does it. */
  readonly powerEfficient: boolean;
  /** All layers in one stream (SVC). */
  readonly layered: boolean;
}

export interface DeviceAbility {
  /** A codec that is missing is one that the browser says nothing of. */
  readonly codecs: ReadonlyMap<VideoCodec, CodecAbility>;
  /** Processors; undefined where the browser does not say. */
  readonly cores: number | undefined;
  /** The battery is low, or the user wants to save it. */
  readonly savesPower: boolean;
}

/** Nothing is known. */
export const UNKNOWN_ABILITY: DeviceAbility = {
  codecs: new Map(),
  cores: undefined,
  savesPower: false,
};

/**
 * Processors from which a codec may be encoded without hardware. A call is not all that a computer does, and a
 * picture with detail costs VP9 and AV1 more than what was measured (decision 21).
 */
const CORES_FOR_SOFTWARE: Readonly<Record<VideoCodec, number>> = {
  VP8: 1,
  H264: 4,
  VP9: 8,
  AV1: 12,
};

/** Without a stream of layers each receiver would get the largest picture. */
const NEEDS_LAYERS: ReadonlySet<VideoCodec> = new Set(['VP9', 'AV1']);

/** When nothing that is preferred will do, in the order of what most browsers have. */
const USUAL: readonly VideoCodec[] = ['VP8', 'H264', 'VP9', 'AV1'];

export interface Candidates {
  /** The first most. */
  readonly preferred: readonly VideoCodec[];
  /** The application has chosen this one, whatever the device does well. */
  readonly insisted?: VideoCodec | undefined;
  /** What the browser can send. */
  readonly sendable: readonly VideoCodec[];
  /** What all receivers decode. Undefined while none of them lacks any. */
  readonly decodable?: ReadonlySet<VideoCodec> | undefined;
  readonly ability: DeviceAbility;
}

export function chooseCodec({
  preferred,
  insisted,
  sendable,
  decodable,
  ability,
}: Candidates): VideoCodec {
  const isPossible = (codec: VideoCodec) =>
    sendable.includes(codec) && (decodable?.has(codec) ?? true);
  if (insisted && isPossible(insisted)) return insisted;
  const good = preferred.find((codec) => isPossible(codec) && doesWell(codec, ability));
  return good ?? USUAL.find(isPossible) ?? USUAL.find((codec) => sendable.includes(codec)) ?? 'VP8';
}

/** Whether a device encodes this codec without effort. */
export function doesWell(codec: VideoCodec, { codecs, cores, savesPower }: DeviceAbility): boolean {
  if (codec === 'VP8') return true;
  const ability = codecs.get(codec);
  if (!ability?.smooth || (NEEDS_LAYERS.has(codec) && !ability.layered)) return false;
  if (ability.powerEfficient) return true;
  return !savesPower && cores !== undefined && cores >= CORES_FOR_SOFTWARE[codec];
}

/** Those of a list that this release knows. */
export function knownCodecs(names: readonly string[]): VideoCodec[] {
  return names.flatMap((name) => VIDEO_CODECS.filter((codec) => codec === name));
}

// What our producers carry with them: the track that each sends, and how often that was begun.
import type { types } from 'mediasoup-client';
import type { VideoCodec } from '../../../../shared/media/media.ts';
import { RtpParameters } from '../../../../shared/media/rtp.ts';
import { toWire } from '../../../../shared/protocol/rpc.ts';
import type { LocalEntry } from '../local-tracks.ts';
import type { Published } from './publications.ts';

/** What belongs to a producer of ours. */
export interface Sent {
  readonly entry: LocalEntry;
  /** Counts the producers of a track: another codec, or a gate, needs another one. */
  readonly take: number;
  /** A picture's codec. */
  readonly codec: VideoCodec;
}

export function sentOf(appData: types.AppData): Sent {
  return appData as unknown as Sent;
}

export function publishedOf(appData: types.AppData, rtpParameters: types.RtpParameters): Published {
  return { take: sentOf(appData).take, rtpParameters: toWire(RtpParameters, rtpParameters) };
}

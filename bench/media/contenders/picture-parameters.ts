// The published picture as mediasoup describes it: one layer, with what light participants say of theirs. Pure.
import { videoParameters } from '../../../client/load/media/descriptions.ts';
import type { RtpParameters } from '../../../shared/media/rtp.ts';

export function pictureParameters(ssrc: number, cname: string): RtpParameters {
  return { ...videoParameters([ssrc], cname), encodings: [{ ssrc }] };
}

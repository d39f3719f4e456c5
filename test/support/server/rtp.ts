// Valid RTP descriptions of made-up tracks, for clients that send no media.
import { randomInt } from 'node:crypto';
import { randomId } from '../../../client/sdk/session/ids.ts';
import type { RtpParameters } from '../../../shared/media/rtp.ts';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';

export function audioParameters(): RtpParameters {
  return {
    codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48000, channels: 2 }],
    headerExtensions: [],
    encodings: [{ ssrc: randomInt(1, 0xffffffff) }],
    rtcp: { cname: 'test' },
  };
}

export function videoParameters(): RtpParameters {
  return {
    codecs: [{ mimeType: 'video/VP8', payloadType: 96, clockRate: 90000 }],
    headerExtensions: [],
    encodings: [{ ssrc: randomInt(1, 0xffffffff) }],
    rtcp: { cname: 'test' },
  };
}

/** A microphone, or a camera when `source` says so. */
export function publication(
  epoch: number,
  { source = 'microphone', ...rest }: Partial<MethodParams<'publish'>> = {},
): MethodParams<'publish'> {
  const isAudio = source === 'microphone' || source === 'screen-audio';
  return {
    epoch,
    trackId: randomId(),
    kind: isAudio ? 'audio' : 'video',
    source,
    muted: false,
    rtpParameters: isAudio ? audioParameters() : videoParameters(),
    ...rest,
  };
}

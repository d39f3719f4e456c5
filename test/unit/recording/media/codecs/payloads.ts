// Runs payloads of one frame, or of several, through a codec as a stream does.
import {
  type Depacketizer,
  FrameGatherer,
} from '../../../../../server/recording/media/codecs/frames.ts';
import { parseRtp } from '../../../../../server/recording/media/rtp/packet.ts';
import { rtp } from '../packets.ts';

export const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** @param frames payloads of each frame as hexadecimal digits or bytes; all packets arrive */
export function gathered(codec: Depacketizer, ...frames: (string | Buffer)[][]) {
  const gatherer = new FrameGatherer(codec, 100_000);
  let sequence = 0;
  return frames
    .flatMap((payloads, frame) =>
      payloads.flatMap((payload, index) => {
        const bytes = typeof payload === 'string' ? hex(payload) : payload;
        const marker = index === payloads.length - 1;
        const header = { sequence: sequence++, timestamp: frame * 3_000, marker };
        const packet = parseRtp(rtp(header, bytes))!;
        return gatherer.push({ packet, arrivedAt: frame, lost: 0, restarted: false });
      }),
    )
    .map((each) => {
      if (each === 'broken') return each;
      const { key, chunks, size, config, durationMs } = each;
      return {
        key,
        frame: Buffer.concat(chunks).toString('hex'),
        ...(size && { size: `${size.width}x${size.height}` }),
        ...(config && { config: config.toString('hex') }),
        ...(durationMs !== undefined && { durationMs }),
      };
    });
}

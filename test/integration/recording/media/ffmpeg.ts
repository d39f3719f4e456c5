// ffmpeg and ffprobe for tests of recorded media: make pictures and sound, send them as RTP, read files again.
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { programPath } from '../../../support/process/programs.ts';
import type { Datagram } from '../../../unit/recording/media/recorded.ts';

const run = promisify(execFile);
const MOST_OUTPUT = 64 * 1024 * 1024;

export async function ffmpeg(...args: string[]): Promise<string> {
  const all = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args];
  const { stdout } = await run(programPath('ffmpeg'), all, { maxBuffer: MOST_OUTPUT });
  return stdout;
}

export interface Probed {
  codec: string;
  width?: number;
  height?: number;
  /** Of each packet, in milliseconds. */
  times: number[];
  keys: boolean[];
}

export async function ffprobe(file: string): Promise<Probed> {
  const args = ['-v', 'error', '-show_streams', '-show_packets', '-of', 'json', file];
  const { stdout, stderr } = await run(programPath('ffprobe'), args, { maxBuffer: MOST_OUTPUT });
  if (stderr !== '') throw new Error(`ffprobe says of ${file}: ${stderr}`);
  const { streams, packets } = JSON.parse(stdout);
  const [{ codec_name: codec, width, height }] = streams;
  return {
    codec,
    width,
    height,
    times: packets.map((packet: { pts_time: string }) => Number(packet.pts_time) * 1_000),
    keys: packets.map((packet: { flags: string }) => packet.flags.startsWith('K')),
  };
}

/** The decoded frames, each as a hash. @param decoder another one than ffmpeg's choice */
export async function decoded(file: string, decoder?: string): Promise<string[]> {
  const chosen = decoder === undefined ? [] : ['-c:v', decoder];
  const all = [...chosen, '-i', file, '-fps_mode', 'passthrough', '-f', 'framemd5', '-'];
  const text = await ffmpeg(...all);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(',').at(-1)?.trim() ?? '');
}

/** What ffmpeg sends of a file as RTP, at the file's speed, with its reports on the same port. */
export async function sentAsRtp(
  input: readonly string[],
  output: readonly string[],
): Promise<Datagram[]> {
  const socket = createSocket('udp4');
  const datagrams: Datagram[] = [];
  socket.on('message', (bytes) => {
    datagrams.push({ bytes, arrivedAt: performance.timeOrigin + performance.now() });
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  try {
    const { port } = socket.address();
    const url = `rtp://127.0.0.1:${port}?rtcpport=${port}&pkt_size=1200`;
    const codec = ['-strict', 'experimental', '-payload_type', '96', '-ssrc', '4711'];
    await ffmpeg('-re', ...input, ...output, ...codec, '-sdp_file', '/dev/null', '-f', 'rtp', url);
    return datagrams;
  } finally {
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  }
}

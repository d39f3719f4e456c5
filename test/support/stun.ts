// Asks a STUN server for our own address: the simplest proof that it answers (RFC 8489).
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const MAGIC_COOKIE = 0x2112a442;
const HEADER_BYTES = 20;
const ANSWER_MS = 500;

/** @throws Error when nothing, or something else, answers in time */
export async function stunBinding(address: string, port: number): Promise<void> {
  const socket = createSocket('udp4');
  try {
    const request = Buffer.alloc(HEADER_BYTES);
    request.writeUInt16BE(BINDING_REQUEST, 0);
    request.writeUInt32BE(MAGIC_COOKIE, 4);
    randomBytes(12).copy(request, 8);
    const answer = once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
    socket.send(request, port, address);
    const [response] = (await answer) as [Buffer];
    const isOurs = request.subarray(4, HEADER_BYTES).equals(response.subarray(4, HEADER_BYTES));
    if (!isOurs || response.readUInt16BE(0) !== BINDING_SUCCESS) {
      throw new Error(`${address}:${port} answered something else than a binding`);
    }
  } finally {
    socket.close();
  }
}

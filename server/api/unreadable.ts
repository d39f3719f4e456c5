// Requests that Node cannot read: no handler gets them, so the answer is written by hand.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError } from 'fastify';

const BAD_REQUEST = { status: 400, code: 'bad_message', sentence: 'This request cannot be read.' };
const REASONS: Readonly<Record<string, typeof BAD_REQUEST>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'message_too_large',
    sentence: 'This address is too long.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'timeout',
    sentence: 'The request did not arrive in time. Try again.',
  },
};

/** A page that leads home for browsers, JSON for programs; then the connection ends. */
export function answerUnreadable(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, code, sentence } = REASONS[error.code ?? ''] ?? BAD_REQUEST;
  const { rawPacket } = error;
  const isBrowser = Buffer.isBuffer(rawPacket) && rawPacket.includes('text/html');
  const [type, body] = isBrowser
    ? [
        'text/html; charset=utf-8',
        `<!doctype html><html lang="en"><title>Parley</title><h1>${sentence}</h1><p><a href="/">Home</a></p></html>`,
      ]
    : ['application/json', JSON.stringify({ error: { code, message: sentence } })];
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "content-security-policy: default-src 'none'",
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

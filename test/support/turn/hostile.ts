// Servers that answer a TURN client with whatever it should survive, and the packets they use.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import {
  ATTRIBUTE,
  encodeStun,
  longTermKey,
  METHOD,
  newTransactionId,
  parseStun,
  peerAddress,
  type StunClass,
  type StunMessage,
  uint32,
} from '../../../server/turn/client/stun-message.ts';
import { xorAddress } from '../../../server/turn/client/stun-message-address.ts';

export const LOOPBACK = '127.0.0.1';
export const CREDENTIALS = { username: '1:probe', credential: 'a credential' };

export const bytes = (options: fc.IntArrayConstraints = {}) =>
  fc.uint8Array(options).map((array) => Buffer.from(array));

/** Messages of any kind, without what {@link encodeStun} adds itself. */
export const messages = fc.record({
  method: fc.integer({ min: 0, max: 0xfff }),
  class: fc.constantFrom<StunClass>('request', 'indication', 'success', 'error'),
  attributes: fc.uniqueArray(
    fc.tuple(
      fc.integer({ min: 0, max: 0xffff }).filter((type) => type !== 8 && type !== 0x8028),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 20, selector: ([type]) => type },
  ),
  key: fc.option(
    fc.uint8Array({ minLength: 1, maxLength: 30 }).map((b) => Buffer.from(b)),
    {
      nil: undefined,
    },
  ),
  fingerprint: fc.boolean(),
});

/** An answer with everything in it that is read anywhere. */
export function full(method: number, kind: 'success' | 'error', transactionId: Buffer): Buffer {
  const address = { address: '192.0.2.1', port: 1 };
  const mask = Buffer.concat([uint32(0x2112a442), transactionId]);
  return encodeStun({
    ...{ method, class: kind, transactionId },
    attributes: [
      [ATTRIBUTE.errorCode, Buffer.concat([uint32(0x401), Buffer.from('Unauthorized')])],
      [ATTRIBUTE.realm, Buffer.from('realm')],
      [ATTRIBUTE.nonce, Buffer.from('nonce')],
      [ATTRIBUTE.xorMappedAddress, xorAddress(address, mask)],
      [ATTRIBUTE.xorRelayedAddress, xorAddress({ address: '2001:db8::1', port: 2 }, mask)],
      peerAddress(address, transactionId),
      [ATTRIBUTE.data, Buffer.from('data')],
      [ATTRIBUTE.lifetime, uint32(600)],
    ],
    key: Buffer.from('key'),
    fingerprint: false,
  });
}

const valid = fc
  .tuple(
    fc.constantFrom(...Object.values(METHOD)),
    fc.constantFrom<'success' | 'error'>('success', 'error'),
    bytes({ minLength: 12, maxLength: 12 }),
  )
  .map(([method, kind, id]) => full(method, kind, id));

/** Some bytes others, then cut or made longer. */
export const mutated = fc
  .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat(), bytes())
  .map(([packet, changes, cut, more]) => {
    const copy = Buffer.from(packet);
    for (const [at, value] of changes) copy[at % copy.length] = value;
    const length = cut % (copy.length * 2);
    return Buffer.concat([copy.subarray(0, length), ...(cut % 3 === 0 ? [more] : [])]);
  });

/** The header is right, so that what is behind it is read. */
export const plausible = bytes({ maxLength: 400 }).map((body) => {
  const whole = body.subarray(0, body.length & ~3);
  const header = encodeStun({ method: METHOD.allocate, class: 'success' });
  header.writeUInt16BE(whole.length, 2);
  return Buffer.concat([header, whole]);
});

/** A hostile server's answers to a request. */
export type Answers = (request: StunMessage) => Buffer[];

export async function udpServer(context: TestContext, answers: Answers): Promise<number> {
  const server = createSocket('udp4').bind(0, LOOPBACK);
  context.after(() => void server.close());
  await once(server, 'listening');
  server.on('message', (packet: Buffer, from: RemoteInfo) => {
    const request = parseStun(packet);
    for (const answer of request ? answers(request) : []) {
      server.send(answer, from.port, from.address, () => {});
    }
  });
  return server.address().port;
}

export async function tcpServer(context: TestContext, onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  }).listen(0, LOOPBACK);
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const key = longTermKey(CREDENTIALS.username, 'realm', CREDENTIALS.credential);
/** 401, or what else is given, as ERROR-CODE has it. */
export const challenge = (request: StunMessage, code = 0x401, nonce = Buffer.from('nonce')) =>
  encodeStun({
    ...{ method: request.method, class: 'error', transactionId: request.transactionId },
    attributes: [
      [ATTRIBUTE.errorCode, uint32(code)],
      [ATTRIBUTE.realm, Buffer.from('realm')],
      [ATTRIBUTE.nonce, nonce],
    ],
  });
export const success = (request: StunMessage, signedWith = key) => {
  const { method, transactionId } = request;
  const mask = Buffer.concat([uint32(0x2112a442), transactionId]);
  const address = xorAddress({ address: LOOPBACK, port: 7 }, mask);
  return encodeStun({
    ...{ method, class: 'success', transactionId, key: signedWith },
    attributes: [
      [ATTRIBUTE.xorMappedAddress, address],
      [ATTRIBUTE.xorRelayedAddress, address],
    ],
  });
};
/** A data indication, as if a peer had sent this through the relay. */
export const data = (payload: Buffer) => {
  const transactionId = newTransactionId();
  const from = peerAddress({ address: LOOPBACK, port: 9 }, transactionId);
  const attributes = [from, [ATTRIBUTE.data, payload]] as const;
  return encodeStun({ method: METHOD.data, class: 'indication', transactionId, attributes });
};

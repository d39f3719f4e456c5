// Free ports, for programs that cannot choose one themselves.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { freePort as freeTcpPort, isFree } from '../../../deploy/local/free-port.ts';

export { freeTcpPort, isFree };

const LOOPBACK = '127.0.0.1';

/** A port that is free for both TCP and UDP. */
export function freePort(): Promise<number> {
  return freeTcpPort(isUdpPortFree);
}

async function isUdpPortFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, LOOPBACK);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

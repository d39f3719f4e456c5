// What is measured: a server that forwards one picture to many.
import type { Peer } from './peer.ts';

export interface Publication {
  ssrc: number;
  cname: string;
  /** RTCP of the server. */
  onPacket(packet: Buffer): void;
}

export interface MediaProcess {
  pid: number;
  /** It holds what mediasoup's workers do not: rooms, signalling. */
  isNode: boolean;
}

/** One participant who receives. */
export interface Watcher {
  peer: Peer;
  /** Absent where the server has no word for it. */
  pause?(paused: boolean): Promise<void>;
}

export interface Contender {
  readonly name: ContenderName;
  /** What the table says of it. */
  readonly description: string;
  /** The processes of the media side; none when they are not known. */
  readonly processes: readonly MediaProcess[];
  publish(publication: Publication): Promise<Peer>;
  watch(index: number, onPacket: (packet: Buffer) => void): Promise<Watcher>;
  close(): Promise<void>;
}

export const CONTENDERS = ['parley', 'bare', 'nss', 'janus', 'peer'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

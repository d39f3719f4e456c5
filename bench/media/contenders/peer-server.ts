// A server of any kind, which this benchmark does not start. What it has to offer:
//
// - WHIP (RFC 9725) at one address for the publisher and WHEP at another for viewers; viewers receive that publisher.
// - A POST of an SDP offer with one VP8 picture and all ICE candidates is answered with 201 and the SDP answer, which
//   has all candidates too. There is no trickle ICE, and redirects are refused.
// - The answer's `Location` names a resource that DELETE ends. It is optional, and ignored at another origin.
// - Media over UDP at an address of this machine, unless the caller says that the server is theirs.
// - Room for as many viewers as there are receivers, all from one address.

import { isOfThisMachine, type Machine } from '../../../client/load/this-machine.ts';
import type { Contender } from '../contender.ts';
import { Peer, type PeerOptions } from '../peer.ts';

export interface PeerServerOptions {
  /** Where publishers and viewers post their offers. */
  whip: URL;
  whep: URL;
  /** For `Authorization: Bearer`. */
  token: string | undefined;
  pids: readonly number[];
  /** The caller says that a server elsewhere is theirs. */
  isOwn: boolean;
  machine: Machine;
}

export function peerServer(options: PeerServerOptions): Contender {
  const { whip, whep, token, pids } = options;
  const resources: URL[] = [];
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const enter = async (endpoint: URL, peerOptions: PeerOptions, ssrc?: number) => {
    const peer = Peer.offering(peerOptions, ssrc);
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/sdp' },
      body: await peer.wholeDescription(),
      // A redirect might lead to another machine.
      redirect: 'error',
    });
    const sdp = await answer.text();
    if (answer.status !== 201) {
      peer.close();
      throw new Error(`${endpoint.href} answered ${answer.status}: ${sdp.slice(0, 200)}`);
    }
    const location = answer.headers.get('location');
    if (location !== null) resources.push(new URL(location, endpoint));
    checkAddresses(sdp, options);
    peer.accept(sdp);
    await peer.opened();
    return peer;
  };
  return {
    name: 'peer',
    description: `${whip.origin}${pids.length > 0 ? `, process ${pids.join(', ')}` : ', whose CPU is not known: name it with PEER_PID'}`,
    processes: pids.map((pid) => ({ pid, isNode: false })),
    publish: ({ ssrc, onPacket }) => enter(whip, { name: 'publisher', onPacket }, ssrc),
    async watch(index, onPacket) {
      return { peer: await enter(whep, { name: `watcher-${index}`, onPacket }) };
    },
    async close() {
      const sameOrigin = resources.filter(({ origin }) =>
        [whip.origin, whep.origin].includes(origin),
      );
      await Promise.all(
        sameOrigin.map((url) => fetch(url, { method: 'DELETE', headers }).catch(() => {})),
      );
    },
  };
}

/** @throws Error when media would go to another machine than the one that was named */
export function checkAddresses(
  sdp: string,
  { isOwn, machine }: Pick<PeerServerOptions, 'isOwn' | 'machine'>,
): void {
  if (isOwn) return;
  const addresses = [...sdp.matchAll(/^a=candidate:(?:\S+ ){4}(\S+)/gm)].map(([, one = '']) => one);
  const elsewhere = addresses.find((address) => !isOfThisMachine(address, machine));
  if (elsewhere === undefined) return;
  throw new Error(
    `The server's media is at ${elsewhere}, which is not this machine. If it is yours, say so with --i-own-this-server.`,
  );
}

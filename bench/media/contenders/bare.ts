// mediasoup with a script of a page around it, as the measure of what a forwarded packet has to cost.
import { answerFor, dtlsOf, LIGHT_CAPABILITIES } from '../../../client/load/media/descriptions.ts';
import { type Direction, TransportDescription } from '../../../shared/protocol/media-messages.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import { DEADLINES } from '../../../test/support/process/deadlines.ts';
import { ManagedProcess } from '../../../test/support/process/managed-process.ts';
import type { Contender, ContenderName, Publication } from '../contender.ts';
import type { Cpus } from '../cpus.ts';
import { Peer, type PeerOptions } from '../peer.ts';
import { BARE_READY, type BareRequest, type BareRequests } from './bare-messages.ts';
import { pictureParameters } from './picture-parameters.ts';

export interface BareOptions {
  name: ContenderName;
  description: string;
  workerBin: string;
  cpus: Cpus;
}

export async function startBare(options: BareOptions): Promise<Contender> {
  const { name, description, workerBin, cpus } = options;
  const program = [process.execPath, new URL('./bare-server.ts', import.meta.url).pathname];
  const [command = '', ...args] = [...cpus.server, ...program, workerBin];
  const child = new ManagedProcess({ name: 'bare-mediasoup', command, args });
  const [, url = '', workerPid] = await child.line(BARE_READY, DEADLINES.serverReady);
  const ask = <K extends BareRequest>(request: K, body: BareRequests[K]) =>
    post(url, request, body);

  const connect = async (direction: Direction, peerOptions: PeerOptions, ssrc?: number) => {
    const description = parse(TransportDescription, await ask('open', {}));
    const peer = Peer.offering(peerOptions, ssrc);
    const { id: transportId } = description;
    await ask('connect', { transportId, dtlsParameters: dtlsOf(peer.description) });
    peer.accept(answerFor(description, direction));
    await peer.opened();
    return { peer, transportId };
  };

  return {
    name,
    description,
    processes: [
      { pid: child.pid, isNode: true },
      { pid: Number(workerPid), isNode: false },
    ],
    async publish({ ssrc, cname, onPacket }: Publication) {
      const { peer, transportId } = await connect('send', { name: 'publisher', onPacket }, ssrc);
      await ask('produce', { transportId, rtpParameters: pictureParameters(ssrc, cname) });
      return peer;
    },
    async watch(index, onPacket) {
      const { peer, transportId } = await connect('recv', { name: `watcher-${index}`, onPacket });
      await ask('consume', { transportId, rtpCapabilities: LIGHT_CAPABILITIES });
      const pause = async (paused: boolean) => {
        await ask('pause', { transportId, paused });
      };
      return { peer, pause };
    },
    async close() {
      await child.stop();
    },
  };
}

async function post(url: string, request: string, body: object): Promise<unknown> {
  const answer = await fetch(`${url}/${request}`, { method: 'POST', body: JSON.stringify(body) });
  const answered = await answer.text();
  if (!answer.ok) throw new Error(`${request}: ${answered}`);
  return JSON.parse(answered);
}

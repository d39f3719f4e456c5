// Parley as it is run: Redis, `web` and `sfu-rtc` by their own entries, joined by its own protocol.
import { randomUUID } from 'node:crypto';
import { answerFor, dtlsOf, LIGHT_CAPABILITIES } from '../../../client/load/media/descriptions.ts';
import { Socket, type SocketListener } from '../../../client/sdk/link/socket.ts';
import { unpacked } from '../../../shared/protocol/consumers.ts';
import type { Direction, MediaOffer } from '../../../shared/protocol/media-messages.ts';
import { FEATURES } from '../../../shared/protocol/protocol.ts';
import { TestCluster } from '../../../test/support/cluster/local-cluster.ts';
import { BenchOwner } from '../../owner.ts';
import type { Contender } from '../contender.ts';
import type { Cpus } from '../cpus.ts';
import { Peer, type PeerOptions } from '../peer.ts';
import { pictureParameters } from './picture-parameters.ts';

export interface ParleyOptions {
  workerBin: string;
  cpus: Cpus;
  receivers: number;
  /** A folder for a CPU profile of `sfu-rtc`. */
  profile: string | undefined;
}

const ROOM = 'bench';

export async function startParley(options: ParleyOptions): Promise<Contender> {
  const { workerBin, cpus, receivers, profile } = options;
  const owner = new BenchOwner();
  const many = String(2 * receivers + 10);
  const env = {
    LOG_LEVEL: 'info',
    MEDIASOUP_WORKER_BIN: workerBin,
    MAX_PARTICIPANTS_PER_ROOM: many,
    MAX_SOCKETS_PER_ADDRESS: many,
    // All of them are for one worker.
    PEERS_PER_WORKER: many,
    ARRIVAL_BURST_PER_ADDRESS: String(10 * receivers + 100),
  };
  const place = () => ({ address: '127.0.0.1', command: cpus.server });
  const test = await TestCluster.start(owner, { web: 1, sfu: 0, env, place });
  const sfu = await test.addSfu(
    profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` },
  );
  const workers = await test.workersOf(sfu);

  const enter = async (name: string) => {
    const client = new Client();
    const socket = await Socket.open(test.url, client);
    client.socket = socket;
    const joining = { room: ROOM, name, features: [...FEATURES] };
    const answer = await socket.request('join', {
      ...joining,
      rtpCapabilities: LIGHT_CAPABILITIES,
    });
    owner.after(() => socket.close());
    return { client, socket, media: answer.media, tracks: answer.snapshot.tracks };
  };

  const connect = async (
    { socket, media }: { socket: Socket; media: MediaOffer },
    direction: Direction,
    peerOptions: PeerOptions,
    ssrc?: number,
  ) => {
    const { epoch } = media;
    const peer = Peer.offering(peerOptions, ssrc);
    const dtlsParameters = dtlsOf(peer.description);
    await socket.request('connect', { epoch, direction, dtlsParameters });
    peer.accept(answerFor(media[direction], direction));
    await peer.opened();
    return peer;
  };

  const trackId = randomUUID();
  return {
    name: 'parley',
    description: 'Parley: web, sfu-rtc and Redis; sfu-rtc and its worker are counted',
    processes: [
      { pid: sfu.child.pid, isNode: true },
      ...workers.map((pid) => ({ pid, isNode: false })),
    ],
    async publish({ ssrc, cname, onPacket }) {
      const entered = await enter('Publisher');
      const peer = await connect(entered, 'send', { name: 'publisher', onPacket }, ssrc);
      const { epoch } = entered.media;
      await entered.socket.request('publish', {
        ...{ epoch, trackId, kind: 'video', source: 'camera', muted: false },
        rtpParameters: pictureParameters(ssrc, cname),
      });
      return peer;
    },
    async watch(index, onPacket) {
      const entered = await enter(`Watcher ${index}`);
      const { client, socket, media } = entered;
      const peer = await connect(entered, 'recv', { name: `watcher-${index}`, onPacket });
      client.take(media);
      const pause = async (paused: boolean) => {
        await socket.request('subscribe', { preferences: { [trackId]: { paused } } });
      };
      return { peer, pause };
    },
    close: () => owner.close(),
  };
}

/** Says that what is offered can be received. */
class Client implements SocketListener {
  socket: Socket | undefined;

  onEvent: SocketListener['onEvent'] = (event, data) => {
    if (event === 'consumers') this.take(data as Parameters<Client['take']>[0]);
  };

  onSize(): void {}

  onLost(): void {
    console.error('Parley closed a socket');
  }

  take(offer: Pick<MediaOffer, 'epoch' | 'consumers' | 'packed'>): void {
    const waiting = unpacked(offer).filter((consumer) => consumer.waiting);
    const consumerIds = waiting.map(({ consumerId }) => consumerId);
    if (consumerIds.length === 0) return;
    this.socket?.request('ready', { epoch: offer.epoch, consumerIds }).catch(() => {});
  }
}

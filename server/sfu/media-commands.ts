// What `web` may ask of this node, one handler for each command.
import { ParleyError } from '../../shared/errors.ts';
import type { Direction, TransportDescription } from '../../shared/protocol/media-messages.ts';
import type { Handlers } from '../../shared/protocol/rpc.ts';
import type { MediaCommands, MediaParams, Opened } from '../cluster/messages/media.ts';
import type { NetworkChecks } from './checks/network-checks.ts';
import { ParticipantMedia, type PeerContext } from './endpoints/participant-media.ts';
import type { NodeTurn } from './node-turn.ts';
import type { NodeRooms } from './rooms/node-rooms.ts';
import { Openings } from './rooms/openings.ts';
import type { AnnouncedNames } from './workers/announced-names.ts';

export interface MediaCommandsContext extends PeerContext {
  rooms: NodeRooms;
  checks: NetworkChecks;
  turn: NodeTurn;
  names: Pick<AnnouncedNames, 'withAddresses'>;
  /**
   * @param opening sessions on their way in
   * @throws ParleyError `no_capacity` when no session is taken now
   */
  accepts(opening: number): void;
  drain(): void;
}

interface Whose {
  room: string;
  participantId: string;
}

export function mediaHandlers(context: MediaCommandsContext): Handlers<MediaCommands, null> {
  const { rooms, turn } = context;
  let lastEpoch = 0;
  const openings = new Openings(context.resources);

  /** Never twice the same, also after a restart of this process, and never below another node's. */
  function nextEpoch(after: number): number {
    lastEpoch = Math.max(Date.now(), lastEpoch + 1, after + 1);
    return lastEpoch;
  }

  async function open(params: MediaParams<'open'>): Promise<Opened> {
    const { participantId, fence, rtpCapabilities, nodes, after } = params;
    const before = rooms.find(params.room)?.peer(participantId);
    if (before && before.fence > fence) throw new ParleyError('session_replaced');
    // In place of an older one it is not one more.
    if (!before) context.accepts(openings.count);
    const { room, entered } = rooms.enter(params.room);
    const opened = openings.begin();
    try {
      before?.close();
      const options = { participantId, epoch: nextEpoch(after), fence, rtpCapabilities };
      const [peer] = await Promise.all([
        ParticipantMedia.open(room, options, context),
        room.mesh.meet(nodes),
      ]);
      await peer.subscriptions.reconcile();
      if (peer.closed) throw new ParleyError('media_failed');
      rooms.changed();
      return describe(peer);
    } finally {
      opened();
      entered();
    }
  }

  function find({ room, participantId, epoch }: Whose & { epoch?: number }): ParticipantMedia {
    const peer = rooms.find(room)?.peer(participantId);
    // A session that went with its worker is as stale as one that was replaced: another one follows.
    if (epoch !== undefined && epoch !== peer?.epoch) throw new ParleyError('stale_epoch');
    if (!peer || peer.closed) throw new ParleyError('media_failed');
    return peer;
  }

  /** Does something with a media session that may end meanwhile, with its worker for one. */
  async function on<T>(
    whose: Whose & { epoch: number },
    action: (peer: ParticipantMedia) => Promise<T>,
  ): Promise<T> {
    const peer = find(whose);
    try {
      return await action(peer);
    } catch (cause) {
      // Whatever mediasoup calls it; the client will hear of the session that follows.
      if (peer.closed) throw new ParleyError('stale_epoch', { cause });
      throw cause;
    }
  }

  function transportOf(peer: ParticipantMedia, direction: Direction): TransportDescription {
    const description = peer.describe(direction);
    return {
      ...description,
      iceCandidates: context.names.withAddresses(description.iceCandidates),
    };
  }

  function describe(peer: ParticipantMedia): Opened {
    return {
      origin: peer.router.id,
      offer: {
        epoch: peer.epoch,
        send: transportOf(peer, 'send'),
        recv: transportOf(peer, 'recv'),
        consumers: peer.subscriptions.list(),
        ...turn.grantTo(peer),
      },
    };
  }

  return {
    open: (_, params) => rooms.inTurn(params, () => open(params)),
    describe: async (_, { fence, ...whose }) => {
      const peer = find(whose);
      peer.claimedWith(fence ?? 0);
      return describe(peer);
    },
    carries: async (_, whose) => ({ carries: find(whose).carries }),
    close: (_, { epoch, ...whose }) =>
      rooms.inTurn(whose, async () => {
        const peer = rooms.find(whose.room)?.peer(whose.participantId);
        if (epoch === null || epoch === peer?.epoch) peer?.close();
        rooms.changed();
        return {};
      }),
    drain: async () => {
      context.drain();
      return {};
    },
    connect: async (_, { direction, dtlsParameters, ...whose }) => {
      await on(whose, (peer) => peer.connect(direction, dtlsParameters));
      return {};
    },
    restartIce: async (_, { direction, ...whose }) => {
      return on(whose, async (peer) => {
        const iceParameters = await peer.restartIce(direction);
        return { iceParameters, ...turn.grantTo(peer) };
      });
    },
    iceServers: async (_, whose) => turn.grantTo(find(whose)),
    path: async (_, { direction, path, refusals, ...whose }) => {
      const peer = find(whose);
      peer.paths.set(direction, path);
      for (const { url, code } of refusals) turn.refused(peer, url, code);
      return {};
    },
    publish: (_, { trackId, kind, muted, version, rtpParameters, ...whose }) =>
      rooms.inTurn(whose, async () => {
        // A participant without any media session comes first: nothing is sent or received without it.
        await openings.calm();
        await on(whose, (peer) => peer.publish({ trackId, kind, muted, version, rtpParameters }));
        return {};
      }),
    unpublish: (_, { trackId, ...whose }) =>
      rooms.inTurn(whose, async () => {
        find(whose).unpublish(trackId);
        return {};
      }),
    mute: (_, { trackId, muted, version, ...whose }) =>
      rooms.inTurn(whose, async () => {
        await find(whose).mute(trackId, muted, version);
        return {};
      }),
    subscribe: async (_, { preferences, ...whose }) => {
      await find(whose).setPreferences(preferences);
      return {};
    },
    ready: async (_, { consumerIds, ...whose }) => {
      await on(whose, (peer) => peer.subscriptions.ready(consumerIds));
      return {};
    },
    checkOpen: async (_, params) => {
      context.accepts(0);
      return context.checks.open(params, (id) => turn.iceServers(id));
    },
    checkConnect: async (_, params) => {
      await context.checks.connect(params);
      return {};
    },
    checkEnd: async (_, params) => {
      context.checks.end(params);
      return {};
    },
  };
}

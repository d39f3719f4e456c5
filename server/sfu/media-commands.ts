// The commands that `web` may send to this node, one handler each.
import { ParleyError } from '../../shared/errors.ts';
import type { Direction } from '../../shared/protocol/media-messages.ts';
import type { Handlers } from '../../shared/protocol/rpc.ts';
import type { MediaCommands, MediaParams, MediaResult, Opened } from '../cluster/messages/media.ts';
import type { NetworkChecks } from './checks/network-checks.ts';
import { ParticipantMedia, type ParticipantMediaOptions } from './endpoints/participant-media.ts';
import { SessionHolder } from './endpoints/session-holder.ts';
import type { MediaContext } from './endpoints/transport.ts';
import type { TransportPair } from './endpoints/transport-pair.ts';
import type { NodeTurn } from './node-turn.ts';
import {
  type PreparedSession,
  PreparedSessions,
  type PreparedSessionsOptions,
} from './prepared/prepared-sessions.ts';
import type { NodeRoom } from './rooms/node-room.ts';
import type { NodeRooms } from './rooms/node-rooms.ts';
import { Openings } from './rooms/openings.ts';
import type { AnnouncedNames } from './workers/announced-names.ts';

export interface MediaCommandsContext extends MediaContext {
  nodeId: string;
  rooms: NodeRooms;
  limits: PreparedSessionsOptions['limits'];
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

interface ParticipantKey {
  room: string;
  participantId: string;
}

export function mediaHandlers(context: MediaCommandsContext): Handlers<MediaCommands, null> {
  const { rooms, turn } = context;
  const videoCodecs = context.media.videoCodecs.map((codec) => codec.toUpperCase());
  const codecs = isUsual(videoCodecs) ? {} : { videoCodecs };
  let lastEpoch = 0;
  const openings = new Openings(context.resources);
  const prepared = new PreparedSessions(context);

  /** Unique, also after a restart of this process, and higher than the previous node's epoch. */
  function nextEpoch(after: number): number {
    lastEpoch = Math.max(Date.now(), lastEpoch + 1, after + 1);
    return lastEpoch;
  }

  async function open(params: MediaParams<'open'>): Promise<Opened> {
    const { participantId, fence, replica, rtpCapabilities, nodes, after, demand, view } = params;
    const before = rooms.find(params.room)?.participant(participantId);
    if (before && before.holder.fence > fence) throw new ParleyError('session_replaced');
    // One that replaces another does not count as one more.
    if (!before) context.accepts(openings.count);
    const { room, entered } = rooms.enter(params.room);
    const opened = openings.begin();
    try {
      before?.close();
      const holder = new SessionHolder(fence, replica);
      const ready = prepared.take(params.prepared, params);
      const epoch = ready?.epoch ?? nextEpoch(after);
      const options = { participantId, epoch, holder, rtpCapabilities };
      const [participant] = await Promise.all([
        ready ? enter(room, ready, options) : ParticipantMedia.open(room, options, context),
        room.mesh.exchange(nodes),
      ]);
      participant.demand.understoodBy(demand);
      if (view) participant.subscriptions.look(view.preferences, view.others);
      await participant.subscriptions.reconcile();
      if (participant.closed) throw new ParleyError('media_failed');
      rooms.changed();
      return describe(params.room, participant);
    } finally {
      opened();
      entered();
    }
  }

  /** Enters the room on transports that were opened before. */
  function enter(room: NodeRoom, ready: PreparedSession, options: ParticipantMediaOptions) {
    const { path, taken } = ready.handOver();
    try {
      return ParticipantMedia.enter(room, path, options, context);
    } finally {
      taken();
    }
  }

  async function prepare(params: MediaParams<'prepare'>): Promise<MediaResult<'prepare'>> {
    // Were all of them to join, they would have to find room here.
    context.accepts(openings.count + prepared.count);
    const { room, participantId, rtpCapabilities } = params;
    const what = { room, participantId, epoch: nextEpoch(0) };
    const session = await prepared.open(params.prepared, what, rtpCapabilities);
    const { epoch, picture } = session;
    const { iceServers } = turn.grantTo(session);
    const [send, recv] = [
      transportOf(session.transports, 'send'),
      transportOf(session.transports, 'recv'),
    ];
    const ahead = picture && { picture: picture.description };
    return { epoch, send, recv, iceServers, ...codecs, ...ahead };
  }

  function find({
    room,
    participantId,
    epoch,
  }: ParticipantKey & { epoch?: number }): ParticipantMedia {
    const participant = rooms.find(room)?.participant(participantId);
    // A session that died with its worker is as stale as a replaced one: another one follows.
    if (epoch !== undefined && epoch !== participant?.epoch) throw new ParleyError('stale_epoch');
    if (!participant || participant.closed) throw new ParleyError('media_failed');
    return participant;
  }

  /** Runs an action on a media session that may end meanwhile, for example with its worker. */
  async function on<T>(
    key: ParticipantKey & { epoch: number },
    action: (participant: ParticipantMedia) => Promise<T>,
  ): Promise<T> {
    const participant = find(key);
    try {
      return await action(participant);
    } catch (cause) {
      // The media session was closed meanwhile, whatever mediasoup calls it. The client is about to get the
      // next one.
      if (participant.closed) throw new ParleyError('stale_epoch', { cause });
      throw cause;
    }
  }

  function transportOf(of: Pick<TransportPair, 'describe'>, direction: Direction) {
    const description = of.describe(direction);
    return {
      ...description,
      iceCandidates: context.names.withAddresses(description.iceCandidates),
    };
  }

  function describe(room: string, participant: ParticipantMedia): Opened {
    const demand = participant.demand.state;
    const voices = rooms.find(room)?.voices;
    return {
      origin: context.nodeId,
      offer: {
        epoch: participant.epoch,
        send: transportOf(participant, 'send'),
        recv: transportOf(participant, 'recv'),
        consumers: participant.subscriptions.list(),
        ...(demand && { demand }),
        ...turn.grantTo(participant),
        ...codecs,
        ...(voices && { voices }),
      },
    };
  }

  return {
    open: (_, params) => rooms.inTurn(params, () => open(params)),
    prepare: (_, params) => prepare(params),
    prepareConnect: async (_, { prepared: id, direction, dtlsParameters }) => {
      await prepared.connect(id, direction, dtlsParameters);
      return {};
    },
    prepareKeep: async (_, { prepared: id }) => {
      // A node that drains keeps none: their participants would join elsewhere.
      context.accepts(0);
      prepared.renew(id);
      return {};
    },
    prepareEnd: async (_, { prepared: id }) => {
      prepared.end(id);
      return {};
    },
    describe: async (_, { fence, replica, demand, ...key }) => {
      const participant = find(key);
      if (fence !== undefined) participant.holder.claimedWith(fence, replica);
      participant.demand.understoodBy(demand);
      // The client may not know it, so that nobody would ever replace it.
      if (participant.dtlsEnded) throw new ParleyError('media_failed');
      return describe(key.room, participant);
    },
    carries: async (_, key) => ({ carries: find(key).carries }),
    close: (_, { epoch, ...key }) =>
      rooms.inTurn(key, async () => {
        const participant = rooms.find(key.room)?.participant(key.participantId);
        if (epoch === null || epoch === participant?.epoch) participant?.close();
        rooms.changed();
        return {};
      }),
    drain: async () => {
      context.drain();
      return {};
    },
    connect: async (_, { direction, dtlsParameters, ...key }) => {
      await on(key, (participant) => participant.connect(direction, dtlsParameters));
      return {};
    },
    restartIce: async (_, { direction, ...key }) => {
      return on(key, async (participant) => {
        const iceParameters = await participant.restartIce(direction);
        return { iceParameters, ...turn.grantTo(participant) };
      });
    },
    iceServers: async (_, key) => turn.grantTo(find(key)),
    path: async (_, { direction, path, refusals, ...key }) => {
      const participant = find(key);
      participant.paths.set(direction, path);
      for (const { url, code } of refusals) turn.refused(participant, url, code);
      return {};
    },
    publish: (_, { trackId, kind, source, muted, version, rtpParameters, take, ...key }) =>
      rooms.inTurn(key, async () => {
        // Opening media sessions comes first: without one a participant can neither send nor receive.
        await openings.calm();
        await on(key, (participant) =>
          participant.publish({ trackId, kind, source, muted, version, rtpParameters, take }),
        );
        return take === undefined ? {} : { take };
      }),
    unpublish: (_, { trackId, ...key }) =>
      rooms.inTurn(key, async () => {
        find(key).unpublish(trackId);
        return {};
      }),
    mute: (_, { trackId, muted, version, ...key }) =>
      rooms.inTurn(key, async () => {
        await find(key).mute(trackId, muted, version);
        return {};
      }),
    subscribe: async (_, { preferences, others, ...key }) => {
      await find(key).look(preferences, others);
      return {};
    },
    speaking: async (_, { trackId, epoch, ...key }) => {
      rooms.find(key.room)?.speech.begin(find({ ...key, epoch }), trackId);
      return {};
    },
    ready: async (_, { consumerIds, ...key }) => {
      await on(key, (participant) => participant.subscriptions.ready(consumerIds));
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

/** What clients do by themselves need not be in every offer. */
function isUsual(videoCodecs: readonly string[]): boolean {
  return videoCodecs.length === 1 && videoCodecs[0] === 'VP8';
}

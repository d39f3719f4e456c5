// What a joined client may ask: one handler for each method of the protocol.
import { ParleyError } from '../../../shared/errors.ts';
import type { Methods } from '../../../shared/protocol/protocol.ts';
import type { Handlers } from '../../../shared/protocol/rpc.ts';
import { isGranted } from '../../../shared/room/grants.ts';
import type { CheckMethod } from '../socket/network-check.ts';
import { mintRejoin } from './rejoin.ts';
import type { Session } from './session.ts';

type Joined = Omit<Methods, 'join' | 'resume' | 'ping' | CheckMethod>;

/** Errors of the media side after which the client says it again, with its next media session. */
const MENDED_BY_REBUILD = new Set(['media_failed', 'unknown_track', 'timeout', 'no_capacity']);

export const SESSION_METHODS: Handlers<Joined, Session> = {
  async leave(session) {
    session.end('left');
    return {};
  },

  async snapshot(session) {
    const { rooms, hub } = session.context;
    const snapshot = await rooms.snapshot(session.room).catch((error) => {
      // While the store is away, the last state that reached this replica is better than none.
      const known = hub.known(session.room);
      if (ParleyError.from(error).code === 'unavailable' && known) return known;
      throw error;
    });
    if (!snapshot) throw new ParleyError('session_lost');
    return snapshot;
  },

  async renewRejoin(session) {
    return mintRejoin(session);
  },

  async connect(session, { epoch, direction, dtlsParameters }) {
    const { nodeId } = session.media.sessions.ofEpoch(epoch);
    return session.context.media.send(nodeId, 'connect', {
      ...whose(session),
      epoch,
      direction,
      dtlsParameters,
    });
  },

  async restartIce(session, { epoch, direction }) {
    const { nodeId } = session.media.sessions.ofEpoch(epoch);
    const params = { ...whose(session), epoch, direction };
    return session.context.media.send(nodeId, 'restartIce', params);
  },

  async path(session, { epoch, ...report }) {
    const { nodeId } = session.media.sessions.ofEpoch(epoch);
    return session.context.media.send(nodeId, 'path', { ...whose(session), epoch, ...report });
  },

  async rebuildMedia(session, { epoch }) {
    // Of an older one, it is a repetition, or crossed with a rebuild of ours: it is done already.
    if (epoch === session.media.epoch) session.media.rebuild('client');
    return {};
  },

  async publish(session, { epoch, trackId, kind, source, muted: wished, rtpParameters }) {
    // The store refuses it too; here nothing has been asked of it yet.
    if (!isGranted(session.participant.role, 'publish')) throw new ParleyError('forbidden');
    const { nodeId } = session.media.sessions.ofEpoch(epoch);
    if (kind !== (source === 'microphone' || source === 'screen-audio' ? 'audio' : 'video')) {
      throw new ParleyError('bad_message', { message: `A ${source} is not ${kind}.` });
    }
    const { participantId } = session;
    // On a newer media session the track is published again, and may have been muted by a host meanwhile.
    const muted = session.media.mutes.of(trackId) ?? wished;
    const track = { id: trackId, participantId, kind, source, muted };
    // The room first: it refuses taken ids and too many tracks before media is touched.
    const { version } = await session.commit([{ op: 'publish', track }]);
    try {
      await session.context.media.send(nodeId, 'publish', {
        ...whose(session),
        epoch,
        trackId,
        kind,
        muted,
        version,
        rtpParameters,
      });
    } catch (error) {
      const stale = epoch !== session.media.epoch || ParleyError.from(error).code === 'stale_epoch';
      // A client of a newer media session publishes the track again there; it stays in the room.
      if (!stale) {
        // Not waited for: the media side that did not answer in time may do it all the same.
        const { media, log } = session.context;
        media.send(nodeId, 'unpublish', { ...whose(session), trackId }).catch((err) => {
          log.debug({ err, trackId }, 'a refused track was not taken back');
        });
        await session.commit([{ op: 'unpublish', trackId }]);
      }
      throw error;
    }
    return {};
  },

  async unpublish(session, { trackId }) {
    await session.commit([{ op: 'unpublish', trackId }]);
    session.media.mutes.forget(trackId);
    await tolerant(session.media.sessions.sendToAll('unpublish', { ...whose(session), trackId }));
    return {};
  },

  async mute(session, { trackId, muted }) {
    const op = { op: 'mute', trackId, muted, by: session.participantId } as const;
    const { version } = await session.commit([op]);
    await session.media.mutes.set(trackId, muted, version);
    return {};
  },

  async subscribe(session, { preferences }) {
    await tolerant(
      session.media.sessions.sendToAll('subscribe', { ...whose(session), preferences }),
    );
    return {};
  },

  async ready(session, { epoch, consumerIds }) {
    const { nodeId } = session.media.sessions.ofEpoch(epoch);
    const params = { ...whose(session), epoch, consumerIds };
    return session.context.media.send(nodeId, 'ready', params);
  },

  async settled(session, { epoch }) {
    session.media.sessions.settled(epoch);
    return {};
  },

  async chat(session, { id, text }) {
    const { id: participantId, name } = session.participant;
    const message = { id, participantId, name, text, sentAt: Date.now() };
    await session.commit([{ op: 'chat', message }]);
    return {};
  },

  async muteOther(session, { trackId }) {
    const op = { op: 'mute', trackId, muted: true, by: session.participantId } as const;
    const { version } = await session.commit([op]);
    // The replica of the owner tells the node as well, as it hears of it. There may be none at the moment.
    const { room } = session;
    const { rooms, media } = session.context;
    const [snapshot, placement] = await Promise.all([rooms.snapshot(room), rooms.placement(room)]);
    const owner = snapshot?.tracks.find(({ id }) => id === trackId)?.participantId;
    const nodeId = owner === undefined ? undefined : placement?.nodes[owner];
    if (owner !== undefined && nodeId !== undefined) {
      const target = { room, participantId: owner, trackId, muted: true, version };
      await tolerant(media.send(nodeId, 'mute', target));
    }
    return {};
  },

  async remove(session, { participantId }) {
    if (participantId === session.participantId) throw new ParleyError('forbidden');
    await session.commit([{ op: 'leave', participantId }]);
    return {};
  },
};

function whose({ room, participantId }: Session) {
  return { room, participantId };
}

/** The room has accepted it; media that is being rebuilt follows when the client publishes again. */
async function tolerant(sent: Promise<unknown>): Promise<void> {
  await sent.catch((error) => {
    if (!MENDED_BY_REBUILD.has(ParleyError.from(error).code)) throw error;
  });
}

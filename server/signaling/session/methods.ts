// What a joined client may ask: one handler for each method of the protocol.
import { ParleyError } from '../../../shared/errors.ts';
import type { Methods } from '../../../shared/protocol/protocol.ts';
import type { Handlers } from '../../../shared/protocol/rpc.ts';
import { isGranted } from '../../../shared/room/grants.ts';
import type { Recorder } from '../recording/call-recordings.ts';
import type { CheckMethod } from '../socket/before/network-check.ts';
import type { PrepareMethod } from '../socket/before/socket-preparation.ts';
import { mintRejoin } from './rejoin.ts';
import type { Session } from './session.ts';

type Joined = Omit<Methods, 'join' | 'resume' | 'ping' | CheckMethod | PrepareMethod>;

/** Errors of a node after which the media session is rebuilt. The client sends its state again then. */
const MENDED_BY_REBUILD = new Set(['media_failed', 'unknown_track', 'timeout', 'no_capacity']);

export const SESSION_METHODS: Handlers<Joined, Session> = {
  async leave(session) {
    session.end('left');
    return {};
  },

  async snapshot(session) {
    const { rooms, hub } = session.context;
    if (hub.isPart(session.room, session)) {
      session.queue.hold();
      const part = session.view();
      if (part) return part;
    }
    const snapshot = await rooms.snapshot(session.room).catch((error) => {
      // While the store is away, the newest state that this replica knows is better than nothing.
      const known = hub.known(session.room);
      if (ParleyError.from(error).code === 'unavailable' && known) return known;
      throw error;
    });
    if (!snapshot) throw new ParleyError('session_lost');
    return snapshot;
  },

  async participants(session, query) {
    const page = session.context.hub.page(session.room, session, query);
    if (!page) throw new ParleyError('session_lost');
    session.queue.hold();
    return page;
  },

  async renewRejoin(session) {
    return mintRejoin(session);
  },

  async connect(session, { epoch, direction, dtlsParameters }) {
    const params = { ...idsOf(session), epoch, direction, dtlsParameters };
    return session.media.sessions.sendTo(epoch, 'connect', params);
  },

  async restartIce(session, { epoch, direction }) {
    const params = { ...idsOf(session), epoch, direction };
    return session.media.sessions.sendTo(epoch, 'restartIce', params);
  },

  async path(session, { epoch, ...report }) {
    const params = { ...idsOf(session), epoch, ...report };
    return session.media.sessions.sendTo(epoch, 'path', params);
  },

  async rebuildMedia(session, { epoch }) {
    // A request for an older epoch is a repetition, or the server has rebuilt that session already.
    if (epoch === session.media.epoch) session.media.rebuild('client');
    return {};
  },

  async publish(session, { epoch, trackId, kind, source, muted: wished, rtpParameters, take }) {
    // The store refuses it too; here nothing has been asked of it yet.
    if (!isGranted(session.participant.role, 'publish')) throw new ParleyError('forbidden');
    const { nodeId } = session.media.sessions.ofEpoch(epoch);
    if (kind !== (source === 'microphone' || source === 'screen-audio' ? 'audio' : 'video')) {
      throw new ParleyError('bad_message', { message: `A ${source} is not ${kind}.` });
    }
    const { participantId } = session;
    // A host may have muted a track that the client publishes again on a newer media session.
    const muted = session.media.mutes.isMuted(trackId) ?? wished;
    const track = { id: trackId, participantId, kind, source, muted };
    // The room first: it refuses taken ids and too many tracks before media is touched.
    const { version } = await session.commit([{ op: 'publish', track }]);
    try {
      return await session.media.sessions.sendTo(epoch, 'publish', {
        ...idsOf(session),
        epoch,
        trackId,
        kind,
        source,
        muted,
        version,
        rtpParameters,
        ...(take !== undefined && { take }),
      });
    } catch (error) {
      const stale = epoch !== session.media.epoch || ParleyError.from(error).code === 'stale_epoch';
      // A client of a newer media session publishes the track again there; it stays in the room. So does a track
      // whose earlier take goes on.
      if (!stale && !take) {
        // A node that did not answer in time may publish the track all the same. The client does not wait for it.
        const { media, log } = session.context;
        media.send(nodeId, 'unpublish', { ...idsOf(session), trackId }).catch((err) => {
          log.debug({ err, trackId }, 'a refused track was not taken back');
        });
        await session.commit([{ op: 'unpublish', trackId }]);
      }
      throw error;
    }
  },

  async unpublish(session, { trackId }) {
    await session.commit([{ op: 'unpublish', trackId }]);
    session.media.mutes.forget(trackId);
    await unlessRebuilt(
      session.media.sessions.sendToAll('unpublish', { ...idsOf(session), trackId }),
    );
    return {};
  },

  async mute(session, { trackId, muted }) {
    const op = { op: 'mute', trackId, muted, by: session.participantId } as const;
    const { version } = await session.commit([op]);
    await session.media.mutes.apply(trackId, muted, version);
    return {};
  },

  async subscribe(session, view) {
    session.media.view.look(view);
    await unlessRebuilt(
      session.media.sessions.sendToAll('subscribe', { ...idsOf(session), ...view }),
    );
    return {};
  },

  async speaking(session, { epoch, trackId }) {
    const params = { ...idsOf(session), epoch, trackId };
    return session.media.sessions.sendTo(epoch, 'speaking', params);
  },

  async ready(session, { epoch, consumerIds }) {
    const params = { ...idsOf(session), epoch, consumerIds };
    return session.media.sessions.sendTo(epoch, 'ready', params);
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

  async startRecording(session) {
    return { recordingId: await session.context.recordings.start(recorder(session)) };
  },

  async pauseRecording(session, { recordingId, paused }) {
    await session.context.recordings.pause(recorder(session), recordingId, paused);
    return {};
  },

  async stopRecording(session, { recordingId }) {
    await session.context.recordings.stop(recorder(session), recordingId);
    return {};
  },

  async consent(session, { consent }) {
    await session.context.recordings.consent(recorder(session), consent);
    return {};
  },

  async recordingAccess(session) {
    return session.context.recordings.access(recorder(session));
  },

  async muteOther(session, { trackId }) {
    const op = { op: 'mute', trackId, muted: true, by: session.participantId } as const;
    const { version } = await session.commit([op]);
    // The replica of the track's owner sends it to the node too. There may be no such replica at the moment.
    const { room } = session;
    const { rooms, media, hub } = session.context;
    const owner = hub.ownerOf(room, trackId);
    const nodeId = owner === undefined ? undefined : await rooms.nodeOf(room, owner);
    if (owner !== undefined && nodeId !== undefined) {
      const target = { room, participantId: owner, trackId, muted: true, version };
      await unlessRebuilt(media.send(nodeId, 'mute', target));
    }
    return {};
  },

  async remove(session, { participantId }) {
    if (participantId === session.participantId) throw new ParleyError('forbidden');
    await session.commit([{ op: 'leave', participantId }]);
    return {};
  },
};

function recorder(session: Session): Recorder {
  const { room, participant } = session;
  return { room, participant, commit: (ops) => session.commit(ops) };
}

function idsOf({ room, participantId }: Session) {
  return { room, participantId };
}

/** The room has accepted the change. Media that is being rebuilt follows when the client publishes again. */
async function unlessRebuilt(sent: Promise<unknown>): Promise<void> {
  await sent.catch((error) => {
    if (!MENDED_BY_REBUILD.has(ParleyError.from(error).code)) throw error;
  });
}

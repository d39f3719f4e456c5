// Tells the page around the frame what happens in the call, as far as it can leave the frame: states, no media.
import { effect } from '@preact/signals';
import type { EmbedDetail, EmbedEvent } from '../../../shared/embed/events.ts';
import type { Call, ConnectionState } from '../../sdk/session/types.ts';
import type { RoomSession } from '../room/session.ts';

export type Tell = <E extends EmbedEvent>(name: E, detail: EmbedDetail<E>) => void;

/** A full room changes many times a second, and each state of it is copied. */
const ROOM_EVERY_MS = 100;

/** @returns a function that ends it */
export function tellCalls(session: RoomSession, tell: Tell): () => void {
  let told: Call | undefined;
  let end: (() => void) | undefined;
  const stop = effect(() => {
    const phase = session.phase.value;
    if (phase.page !== 'call' || phase.call === told) return;
    end?.();
    told = phase.call;
    end = tellCall(phase.call, tell);
  });
  return () => {
    stop();
    end?.();
  };
}

function tellCall(call: Call, tell: Tell): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tellRoom = () => {
    clearTimeout(timer);
    timer = undefined;
    tell('room', roomOf(call));
  };
  const tellLocal = () => tell('localTracks', localTracksOf(call));
  const tellRemote = () => tell('remoteTracks', remoteTracksOf(call));
  tell('joined', { participantId: call.participantId });
  tell('connection', connectionOf(call.connection));
  tellRoom();
  tellLocal();
  tellRemote();
  const cleanups = [
    call.on('room', () => {
      timer ??= setTimeout(tellRoom, ROOM_EVERY_MS);
    }),
    call.on('localTracks', tellLocal),
    call.on('remoteTracks', tellRemote),
    call.on('speakers', (speakers) =>
      tell(
        'speakers',
        speakers.map(({ participantId, volume }) => ({ participantId, volume })),
      ),
    ),
    call.on('connection', (state) => tell('connection', connectionOf(state))),
    call.on('mutedByHost', (source) => tell('mutedByHost', { source })),
    call.on('problem', ({ code, message }) => tell('problem', { code, message })),
  ];
  return () => {
    clearTimeout(timer);
    for (const cleanup of cleanups) cleanup();
  };
}

function roomOf({ room, count, recording }: Call): EmbedDetail<'room'> {
  const { running } = recording;
  return {
    room: room.room,
    count,
    participants: room.participants.map(({ id, name, role }) => ({ id, name, role })),
    tracks: room.tracks.map(trackOf),
    chat: room.chat.map(({ id, participantId, name, text, sentAt }) => ({
      id,
      participantId,
      name,
      text,
      sentAt,
    })),
    recording: running ? { id: running.id, paused: running.paused } : null,
  };
}

function localTracksOf({ localTracks }: Call): EmbedDetail<'localTracks'> {
  return [...localTracks.values()].map(({ id, source, muted }) => ({ id, source, muted }));
}

function remoteTracksOf({ remoteTracks }: Call): EmbedDetail<'remoteTracks'> {
  return [...remoteTracks.values()].map(trackOf);
}

function trackOf(track: EmbedDetail<'remoteTracks'>[number]): EmbedDetail<'remoteTracks'>[number] {
  const { id, participantId, source, muted } = track;
  return { id, participantId, source, muted };
}

function connectionOf(connection: ConnectionState): EmbedDetail<'connection'> {
  const { state } = connection;
  if (state !== 'ended' || !connection.error) return { state };
  const { code, message } = connection.error;
  return { state, error: { code, message } };
}

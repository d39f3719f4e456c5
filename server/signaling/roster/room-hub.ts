// The rooms that sessions of this replica are in: one subscription each, fanned out to them.
import type { MethodParams, MethodResult } from '../../../shared/protocol/protocol.ts';
import type { RoomSize } from '../../../shared/protocol/roster-messages.ts';
import type { RoomPatch } from '../../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import type { Closer, RoomStore } from '../../cluster/cluster.ts';
import type { MediaEvent, MediaEventData } from '../../cluster/messages/media.ts';
import type { RecordingNews } from '../../cluster/messages/recording.ts';
import type { MediaEvents, MediaListener } from '../media/media-events.ts';
import { Members, type RoomMember } from './members.ts';
import { RoomRoster, type RoomRosterOptions } from './room-roster.ts';

interface Entry {
  readonly members: Members;
  readonly roster: RoomRoster;
  readonly subscribing: Promise<readonly Closer[]>;
  readonly release: () => void;
}

export interface RoomHubOptions extends RoomRosterOptions {
  rooms: RoomStore;
  events: MediaEvents;
  /** A recording has begun: the media nodes have to know, whichever replica the participant is at. */
  onRecording(news: RecordingNews): void;
}

export class RoomHub {
  readonly #entries = new Map<string, Entry>();
  readonly #options: RoomHubOptions;

  constructor(options: RoomHubOptions) {
    this.#options = options;
  }

  /** Resolves when the subscriptions are open: the member misses nothing of the room from then on. */
  async add(room: string, member: RoomMember): Promise<void> {
    const entry = this.#entries.get(room) ?? this.#open(room);
    entry.members.add(member);
    try {
      await entry.subscribing;
    } catch (error) {
      // The next member subscribes again: that may succeed.
      if (this.#entries.get(room) === entry) {
        this.#entries.delete(room);
        entry.release();
      }
      throw error;
    }
  }

  /** The version of the room that is known here; -1 for none. */
  versionOf(room: string): number {
    return this.#entries.get(room)?.roster.version ?? -1;
  }

  /** A snapshot that was just read from the store. @param since {@link versionOf} when it was asked for */
  learn(snapshot: RoomSnapshot, since: number): void {
    this.#entries.get(snapshot.room)?.roster.learn(snapshot, since);
  }

  /** The newest state that this replica knows: it serves while the store cannot be reached. */
  known(room: string): RoomSnapshot | undefined {
    return this.#entries.get(room)?.roster.known;
  }

  /** Whether this replica follows the room already, so that nobody needs to read it. */
  follows(room: string): boolean {
    return this.#entries.get(room)?.roster.known !== undefined;
  }

  /** Whether the member knows a part of the room, or will. */
  isPart(room: string, { takesParts }: RoomMember): boolean {
    return takesParts && this.#entries.get(room)?.roster.isLarge === true;
  }

  /** Resolves when this version of the room is known here, with the participant. @throws ParleyError */
  async reached(room: string, version: number, participantId: string): Promise<void> {
    await this.#entries.get(room)?.roster.reached(version, participantId);
  }

  /** The room as the member knows it from now on: changes after it follow. Undefined before the first snapshot. */
  view(room: string, member: RoomMember): RoomSnapshot | undefined {
    return this.#entries.get(room)?.roster.view(member);
  }

  /** A page of a room's participants. The member is kept up to date about those on it. */
  page(
    room: string,
    member: RoomMember,
    query: MethodParams<'participants'>,
  ): MethodResult<'participants'> | undefined {
    return this.#entries.get(room)?.roster.page(member, query);
  }

  /** Empty in a small room. */
  sizeOf(room: string): RoomSize {
    return this.#entries.get(room)?.roster.size ?? {};
  }

  ownerOf(room: string, trackId: string): string | undefined {
    return this.#entries.get(room)?.roster.ownerOf(trackId);
  }

  /** All that the member receives on a media session, before the client is sent it. */
  offered(room: string, member: RoomMember, offer: Offer): void {
    this.#entries.get(room)?.roster.offered(member, offer.epoch, offer.consumers);
  }

  remove(room: string, member: RoomMember): void {
    const entry = this.#entries.get(room);
    if (!entry?.members.delete(member)) return;
    entry.roster.remove(member);
    if (!entry.members.isEmpty) return;
    this.#entries.delete(room);
    entry.roster.close();
    entry.release();
    entry.subscribing
      .then((closers) => Promise.all(closers.map((closer) => closer.close())))
      .catch((error) =>
        this.#options.log.error({ err: error, room }, 'a subscription did not close'),
      );
  }

  /** For events that a node has addressed to this replica. @returns undefined when no session is in the room */
  mediaListener(room: string): MediaListener | undefined {
    const entry = this.#entries.get(room);
    return entry && ((event, data) => passMedia(entry, event, data));
  }

  #open(room: string): Entry {
    const members = new Members();
    const roster = new RoomRoster(room, members, this.#options);
    const { rooms, events, onRecording, resources } = this.#options;
    const entry: Entry = {
      members,
      roster,
      subscribing: allOrNone([
        rooms.subscribe(room, (patch) => {
          roster.onPatch(patch);
          for (const id of participantsOf(patch)) {
            for (const member of members.of(id)) member.onOwnPatch(patch);
          }
          passMutes(entry, patch);
          for (const op of patch.ops) {
            if (op.op !== 'record') continue;
            const { id, startedAt } = op.recording;
            onRecording({ room, id, startedAt });
          }
        }),
        events.subscribe(room, (event, data) => passMedia(entry, event, data)),
      ]),
      release: resources.open('subscription'),
    };
    this.#entries.set(room, entry);
    return entry;
  }
}

type Offer = Pick<MediaEventData<'consumers'>, 'epoch' | 'consumers'>;

/** What concerns one participant concerns one session: it is not passed to all the others of a large room. */
function passMedia<K extends MediaEvent>(
  { members, roster }: Entry,
  event: K,
  data: MediaEventData<K>,
): void {
  const whose =
    ('participantId' in data && [data.participantId]) ||
    ('participants' in data && data.participants.map(({ participantId }) => participantId));
  const concerned = whose ? new Set(whose.flatMap((id) => members.of(id))) : members.all;
  if (event === 'speakers') {
    const { speakers } = data as MediaEventData<'speakers'>;
    roster.spoke(speakers.map((speaker) => speaker.participantId));
  }
  for (const member of concerned) {
    // A client that does not know whose a track is could not show it.
    if (event === 'consumers') {
      const { epoch, consumers } = data as MediaEventData<'consumers'>;
      roster.received(member, epoch, consumers);
    }
    if (event === 'consumersClosed') {
      const { epoch, consumerIds } = data as MediaEventData<'consumersClosed'>;
      roster.closed(member, epoch, consumerIds);
    }
    member.onMediaEvent(event, data);
  }
}

/** Participants whose presence, entry or departure a patch is about. */
function participantsOf({ ops }: RoomPatch): ReadonlySet<string> {
  return new Set(ops.flatMap((op) => ('participantId' in op ? [op.participantId] : [])));
}

/** The owner of a track is looked up once, not by each member. */
function passMutes({ roster, members }: Entry, { ops, version }: RoomPatch): void {
  for (const op of ops) {
    if (op.op !== 'mute') continue;
    const owner = roster.ownerOf(op.trackId);
    if (owner === undefined) continue;
    for (const member of members.of(owner)) member.onMute(op.trackId, op.muted, version);
  }
}

/** When one subscription fails, the others are closed. */
async function allOrNone(subscriptions: readonly Promise<Closer>[]): Promise<readonly Closer[]> {
  const results = await Promise.allSettled(subscriptions);
  const closers = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (!failed) return closers;
  await Promise.allSettled(closers.map((closer) => closer.close()));
  throw failed.reason;
}

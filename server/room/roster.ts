// The state of a room that changes in steps: what one change costs does not depend on how many are in the room.
import { type ApplyOptions, operationOf, type RoomPatch } from '../../shared/room/operations.ts';
import {
  applyWrite,
  type Condition,
  holds,
  type RoomList,
  type Write,
} from '../../shared/room/primitives.ts';
import type {
  ChatMessage,
  Participant,
  RoomRecording,
  RoomSnapshot,
  Track,
} from '../../shared/room/room.ts';

export class Roster {
  readonly room: string;
  #version: number;
  readonly #participants: Map<string, Participant>;
  readonly #tracks: Map<string, Track>;
  /** Ids of tracks by their owner. */
  readonly #owned = new Map<string, Set<string>>();
  /** The number of pictures of each participant, without those who have none. */
  readonly #pictures = new Map<string, number>();
  #chat: ChatMessage[];
  #recordings: readonly RoomRecording[];
  /** Undefined after a change. */
  #snapshot: RoomSnapshot | undefined;

  constructor({ room, version, participants, tracks, chat, recordings = [] }: RoomSnapshot) {
    this.room = room;
    this.#version = version;
    this.#participants = new Map(participants.map((participant) => [participant.id, participant]));
    this.#tracks = new Map();
    for (const track of tracks) this.#putTrack(track);
    this.#chat = chat;
    this.#recordings = recordings;
  }

  get version(): number {
    return this.#version;
  }

  get count(): number {
    return this.#participants.size;
  }

  /** How many participants share a camera or a screen. */
  get pictured(): number {
    return this.#pictures.size;
  }

  get chat(): readonly ChatMessage[] {
    return this.#chat;
  }

  get recordings(): readonly RoomRecording[] {
    return this.#recordings;
  }

  /** In the order in which they came. */
  get participants(): Iterable<Participant> {
    return this.#participants.values();
  }

  get tracks(): Iterable<Track> {
    return this.#tracks.values();
  }

  participant(id: string): Participant | undefined {
    return this.#participants.get(id);
  }

  track(id: string): Track | undefined {
    return this.#tracks.get(id);
  }

  tracksOf(participantId: string): Track[] {
    return [...(this.#owned.get(participantId) ?? [])].flatMap((id) => this.#tracks.get(id) ?? []);
  }

  hasPicture(participantId: string): boolean {
    return this.#pictures.has(participantId);
  }

  /** All of it. The same object until the next change; nobody may change it. */
  get snapshot(): RoomSnapshot {
    this.#snapshot ??= {
      room: this.room,
      version: this.#version,
      participants: [...this.#participants.values()],
      tracks: [...this.#tracks.values()],
      chat: this.#chat,
      ...this.#recorded,
    };
    return this.#snapshot;
  }

  /** The same as of the snapshot, without one. */
  holds(condition: Condition): boolean {
    switch (condition.is) {
      case 'present':
        return this.#has(condition.list, condition.id);
      case 'absent':
        return !this.#has(condition.list, condition.id);
      case 'empty':
        return holds(this.#small, condition);
      case 'fewer':
        return (this.#owned.get(condition.owner)?.size ?? 0) < condition.than;
      case 'field': {
        if (condition.list === 'chat' || condition.list === 'recordings')
          return holds(this.#small, condition);
        const { id, field, values } = condition;
        const item: Readonly<Record<string, unknown>> | undefined =
          condition.list === 'tracks' ? this.#tracks.get(id) : this.#participants.get(id);
        return values.some((value) => item?.[field] === value);
      }
    }
  }

  /** @returns false when the patch does not follow this version */
  apply({ version, ops }: RoomPatch, options: ApplyOptions): boolean {
    if (version !== this.#version + 1) return false;
    this.#version = version;
    this.#snapshot = undefined;
    for (const op of ops) {
      for (const write of operationOf(op, options.operations).effect(op)) {
        this.#write(write, options.chatHistory);
      }
    }
    return true;
  }

  get #recorded(): Pick<RoomSnapshot, 'recordings'> {
    return this.#recordings.length > 0 ? { recordings: [...this.#recordings] } : {};
  }

  /** The lists that are short, of whatever length the room is. */
  get #small(): RoomSnapshot {
    const { room } = this;
    return { room, version: 0, participants: [], tracks: [], chat: this.#chat, ...this.#recorded };
  }

  #has(list: RoomList, id: string): boolean {
    if (list === 'participants') return this.#participants.has(id);
    if (list === 'tracks') return this.#tracks.has(id);
    return holds(this.#small, { is: 'present', list, id });
  }

  #write(write: Write, chatHistory: number): void {
    if (write.write === 'append' || ('list' in write && write.list === 'recordings')) {
      const { chat, recordings = [] } = applyWrite(this.#small, write, { chatHistory });
      this.#chat = chat;
      this.#recordings = recordings;
      return;
    }
    switch (write.write) {
      case 'put':
        if (write.list === 'tracks') this.#putTrack(write.item);
        if (write.list === 'participants') this.#participants.set(write.item.id, write.item);
        return;
      case 'set':
        this.#set(write);
        return;
      case 'drop':
        if (write.list === 'tracks') this.#dropTrack(write.id);
        else this.#participants.delete(write.id);
        return;
      case 'drop-owned':
        for (const id of [...(this.#owned.get(write.owner) ?? [])]) this.#dropTrack(id);
    }
  }

  #set({ list, id, field, value }: Extract<Write, { write: 'set' }>): void {
    if (list === 'tracks') {
      const track = this.#tracks.get(id);
      if (track) this.#putTrack({ ...track, [field]: value });
      return;
    }
    const participant = this.#participants.get(id);
    if (participant) this.#participants.set(id, { ...participant, [field]: value });
  }

  #putTrack(track: Track): void {
    const before = this.#tracks.get(track.id);
    if (before) this.#uncount(before);
    this.#tracks.set(track.id, track);
    const owned = this.#owned.get(track.participantId) ?? new Set();
    this.#owned.set(track.participantId, owned.add(track.id));
    if (track.kind !== 'video') return;
    this.#pictures.set(track.participantId, (this.#pictures.get(track.participantId) ?? 0) + 1);
  }

  #dropTrack(id: string): void {
    const track = this.#tracks.get(id);
    if (!track) return;
    this.#tracks.delete(id);
    this.#uncount(track);
  }

  #uncount({ id, participantId, kind }: Track): void {
    const owned = this.#owned.get(participantId);
    owned?.delete(id);
    if (owned?.size === 0) this.#owned.delete(participantId);
    if (kind !== 'video') return;
    const pictures = (this.#pictures.get(participantId) ?? 0) - 1;
    if (pictures > 0) this.#pictures.set(participantId, pictures);
    else this.#pictures.delete(participantId);
  }
}

// The call as signals: the SDK's state, and the viewer's choices.
import { computed, effect, signal } from '@preact/signals';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import type { Call, ConnectionState, RemoteTrack, Speaker } from '../../sdk/session/types.ts';
import { newMessages } from '../chat/messages.ts';
import { announce } from '../kit/announcer.tsx';
import { layout, type Size } from '../stage/layout.ts';
import { arrange, bringIntoView } from '../stage/order.ts';
import { stagingOf, type Tile, tilesOf } from '../stage/tiles.ts';
import { describeChanges } from './changes.ts';

/** A layer switch and a starting camera make gaps, too. Only a longer one is shown. */
const STARVED_AFTER_MS = 3000;
/** The part of a chat message that is read out while the chat is closed. Characters. */
const SPOKEN_LENGTH = 200;
/** Quieter than this is noise; dBov. */
const HEARD = -65;

export class CallModel {
  readonly call: Call;
  readonly selfId: string;
  readonly room;
  readonly remoteTracks;
  readonly connection;
  /** Packets of at least one side go through a TURN server. */
  readonly relayed;
  readonly speakers;
  /** The received layer of a track; null while the network has no bandwidth for any. */
  readonly layers = signal<ReadonlyMap<string, number | null>>(new Map());
  /** When each participant spoke last, by the clock of `performance`. */
  readonly #spokeAt = new Map<string, number>();
  readonly #starving = new Map<string, ReturnType<typeof setTimeout>>();

  /** The stage's. */
  readonly viewport = signal<Size>({ width: 0, height: 0 });
  /**
   * A phone, or a window as small: one thing at a time. Measured on the window, because the stage changes with
   * it.
   */
  readonly compact = signal(isSmall(innerWidth, innerHeight));
  readonly page = signal(0);
  readonly pinned = signal<string | undefined>(undefined);
  readonly chatOpen = signal(false);
  readonly statsOpen = signal(false);

  /** Width divided by height of the screens shown, by tile. */
  readonly aspects = signal<ReadonlyMap<string, number>>(new Map());
  /** On a phone the chat covers everything else. */
  readonly chatCoversStage = computed(() => this.compact.value && this.chatOpen.value);
  readonly tiles = computed(() => tilesOf(this.room.value, this.selfId));
  readonly #places = signal<readonly string[]>([]);
  /** Tiles in display order. Joining moves none; when a participant leaves, the last tile fills the gap. */
  readonly orderedTiles = computed(() => this.#inPlace());
  readonly layout = computed(() => {
    const shapes = stagingOf(this.orderedTiles.value, {
      pinned: this.pinned.value,
      compact: this.compact.value,
      aspects: this.aspects.value,
    });
    return layout(shapes, this.viewport.value, this.page.value);
  });
  readonly self = computed(() => this.room.value.participants.find(({ id }) => id === this.selfId));
  readonly role = computed(() => this.self.value?.role ?? 'guest');
  readonly #seenMessage = signal<string | undefined>(undefined);
  readonly unread = computed(
    () => newMessages(this.room.value.chat, this.#seenMessage.value, this.selfId).length,
  );
  readonly #cleanups: (() => void)[] = [];

  constructor(call: Call) {
    this.call = call;
    this.selfId = call.participantId;
    this.room = signal(call.room);
    this.remoteTracks = signal<ReadonlyMap<string, RemoteTrack>>(new Map(call.remoteTracks));
    this.connection = signal<ConnectionState>(call.connection);
    this.relayed = signal(isRelayed(call.paths));
    this.speakers = signal<ReadonlySet<string>>(audible(call.speakers));
    this.#seenMessage.value = call.room.chat.at(-1)?.id;
    this.#cleanups.push(
      call.on('room', (room) => this.#setRoom(room)),
      call.on('remoteTracks', (tracks) => {
        this.remoteTracks.value = new Map(tracks);
      }),
      call.on('connection', (connection) => {
        this.connection.value = connection;
      }),
      call.on('paths', (paths) => {
        this.relayed.value = isRelayed(paths);
      }),
      call.on('speakers', (speakers) => this.#setSpeakers(audible(speakers))),
      call.on('layer', ({ trackId, spatialLayer }) => this.#setLayer(trackId, spatialLayer)),
      onWindowResize(() => {
        this.compact.value = isSmall(innerWidth, innerHeight);
      }),
      effect(() => {
        this.#places.value = arrange(
          this.#places.peek(),
          this.tiles.value.map(({ id }) => id),
        );
      }),
      effect(() => {
        if (this.chatOpen.value) this.#seenMessage.value = this.room.value.chat.at(-1)?.id;
      }),
    );
  }

  togglePin(tileId: string): void {
    this.pinned.value = this.pinned.value === tileId ? undefined : tileId;
  }

  setAspect(tileId: string, aspect: number): void {
    if (this.aspects.value.get(tileId) === aspect) return;
    this.aspects.value = new Map(this.aspects.value).set(tileId, aspect);
  }

  close(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    for (const timer of this.#starving.values()) clearTimeout(timer);
  }

  #inPlace(): Tile[] {
    const byId = new Map(this.tiles.value.map((tile) => [tile.id, tile]));
    return this.#places.value.flatMap((id) => byId.get(id) ?? []);
  }

  #setRoom(room: RoomSnapshot): void {
    const before = this.room.value;
    this.room.value = room;
    for (const sentence of describeChanges(before, room, this.selfId)) announce(sentence);
    if (this.chatOpen.value) return;
    for (const { name, text } of newMessages(room.chat, before.chat.at(-1)?.id, this.selfId)) {
      // Before the first message seen, all are new.
      announce(`${name}: ${text.slice(0, SPOKEN_LENGTH)}`);
    }
  }

  #setSpeakers(speakers: ReadonlySet<string>): void {
    const before = this.speakers.value;
    // A cough is one report, a sentence several.
    for (const id of speakers) if (before.has(id)) this.#bringIntoView(id);
    for (const id of speakers) this.#spokeAt.set(id, performance.now());
    const same = speakers.size === before.size && [...speakers].every((id) => before.has(id));
    if (!same) this.speakers.value = speakers;
  }

  /** Where there are several pages, whoever speaks comes onto this one. */
  #bringIntoView(id: string): void {
    const { placements, pages } = this.layout.value;
    if (pages === 1) return;
    const mayGo = (other: string) =>
      other !== this.selfId &&
      other !== this.pinned.value &&
      !this.speakers.value.has(other) &&
      this.room.value.participants.some((participant) => participant.id === other);
    const shown = placements.map((placement) => placement.id);
    const places = this.#places.peek();
    this.#places.value = bringIntoView(places, shown, id, mayGo, this.#spokeAt);
  }

  #setLayer(trackId: string, layer: number | null): void {
    clearTimeout(this.#starving.get(trackId));
    const set = () => {
      this.layers.value = new Map(this.layers.value).set(trackId, layer);
    };
    if (layer === null) this.#starving.set(trackId, setTimeout(set, STARVED_AFTER_MS));
    else set();
  }
}

function onWindowResize(listener: () => void): () => void {
  addEventListener('resize', listener);
  return () => removeEventListener('resize', listener);
}

/** Below this the bar with its labels does not fit, nor a panel beside the stage. */
function isSmall(width: number, height: number): boolean {
  return width < 760 || height < 500;
}

function isRelayed({ send, recv }: Call['paths']): boolean {
  return send.kind === 'relay' || recv.kind === 'relay';
}

function audible(speakers: readonly Speaker[]): Set<string> {
  return new Set(
    speakers.filter(({ volume }) => volume > HEARD).map(({ participantId }) => participantId),
  );
}

// The call as signals: the SDK's state, and the viewer's choices.
import { computed, effect, signal } from '@preact/signals';
import type { CallRecording } from '../../../shared/protocol/recording-messages.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import type { Call, ConnectionState, RemoteTrack, Speaker } from '../../sdk/session/types.ts';
import { newMessages } from '../chat/messages.ts';
import { announce } from '../kit/announcer.tsx';
import { StageModel } from '../stage/stage-model.ts';
import { describeChanges } from './changes.ts';
import { FrameQueue } from './frame-queue.ts';
import { recordingOf } from './recording/words.ts';

/** A layer switch and a starting camera make gaps, too. Only a longer one is shown. */
const STARVED_AFTER_MS = 3000;
/** The part of a chat message that is read out while the chat is closed. Characters. */
const SPOKEN_LENGTH = 200;
/** Quieter than this is noise; dBov. */
const HEARD = -65;

/** The panel beside the stage. There is room for one. */
export type SidePanel = 'chat' | 'participants' | undefined;

export class CallModel {
  readonly call: Call;
  readonly selfId: string;
  readonly room;
  /** How many participants the room has; `room` may have a part of them. */
  readonly count;
  readonly remoteTracks;
  readonly connection;
  /** Packets of at least one side go through a TURN server. */
  readonly relayed;
  readonly speakers;
  /** The received layer of a track; null while the network has no bandwidth for any. */
  readonly layers = signal<ReadonlyMap<string, number | null>>(new Map());
  readonly #starving = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #frames = new FrameQueue();

  /**
   * A phone, or a window as small: one thing at a time. Measured on the window, because the stage changes with
   * it.
   */
  readonly compact = signal(isSmall(innerWidth, innerHeight));
  readonly sidePanel = signal<SidePanel>(undefined);
  readonly statsOpen = signal(false);
  readonly stage: StageModel;

  readonly chatOpen = computed(() => this.sidePanel.value === 'chat');
  /** On a phone a panel covers everything else. */
  readonly panelCoversStage = computed(
    () => this.compact.value && this.sidePanel.value !== undefined,
  );
  readonly self = computed(() => this.room.value.participants.find(({ id }) => id === this.selfId));
  readonly role = computed(() => this.self.value?.role ?? 'guest');
  /** The recording that runs now, or is paused. */
  readonly recording = computed(() => recordingOf(this.room.value));
  /** Undefined: the server does not record. */
  readonly recordingTerms;
  readonly #seenMessage = signal<string | undefined>(undefined);
  readonly #chat = computed(() => this.room.value.chat);
  readonly unread = computed(
    () => newMessages(this.#chat.value, this.#seenMessage.value, this.selfId).length,
  );
  readonly #cleanups: (() => void)[] = [];

  constructor(call: Call) {
    this.call = call;
    this.selfId = call.participantId;
    this.room = signal(call.room);
    this.recordingTerms = signal<CallRecording | undefined>(call.recording.terms);
    this.count = signal(call.count);
    this.remoteTracks = signal<ReadonlyMap<string, RemoteTrack>>(new Map(call.remoteTracks));
    this.connection = signal<ConnectionState>(call.connection);
    this.relayed = signal(isRelayed(call.paths));
    this.speakers = signal<ReadonlySet<string>>(audible(call.speakers));
    this.stage = new StageModel(this);
    this.#seenMessage.value = call.room.chat.at(-1)?.id;
    const frames = this.#frames;
    this.#cleanups.push(
      call.on('room', (room) => frames.run('room', () => this.#setRoom(room, call.count))),
      call.on('remoteTracks', (tracks) => {
        frames.run('tracks', () => {
          this.remoteTracks.value = new Map(tracks);
        });
      }),
      call.on('connection', (connection) => {
        this.connection.value = connection;
      }),
      call.on('paths', (paths) => {
        this.relayed.value = isRelayed(paths);
      }),
      call.on('speakers', (speakers) =>
        frames.run('speakers', () => this.#setSpeakers(audible(speakers))),
      ),
      call.on('layer', ({ trackId, spatialLayer }) => this.#setLayer(trackId, spatialLayer)),
      onWindowResize(() => {
        this.compact.value = isSmall(innerWidth, innerHeight);
      }),
      effect(() => {
        if (this.chatOpen.value) this.#seenMessage.value = this.#chat.value.at(-1)?.id;
      }),
    );
  }

  /** Opens the panel, in the place of another one, or closes it. */
  togglePanel(panel: NonNullable<SidePanel>): void {
    this.sidePanel.value = this.sidePanel.value === panel ? undefined : panel;
  }

  close(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    for (const timer of this.#starving.values()) clearTimeout(timer);
    this.#frames.close();
    this.stage.close();
  }

  #setRoom(room: RoomSnapshot, count: number): void {
    const before = this.room.value;
    this.room.value = room;
    this.count.value = count;
    this.recordingTerms.value = this.call.recording.terms;
    for (const sentence of describeChanges(before, room, this.selfId, count)) {
      announce(sentence);
    }
    if (this.chatOpen.value) return;
    for (const { name, text } of newMessages(room.chat, before.chat.at(-1)?.id, this.selfId)) {
      // Before the first message seen, all are new.
      announce(`${name}: ${text.slice(0, SPOKEN_LENGTH)}`);
    }
  }

  #setSpeakers(speakers: ReadonlySet<string>): void {
    const before = this.speakers.value;
    this.stage.heard(speakers);
    const same = speakers.size === before.size && [...speakers].every((id) => before.has(id));
    if (!same) this.speakers.value = speakers;
  }

  #setLayer(trackId: string, layer: number | null): void {
    clearTimeout(this.#starving.get(trackId));
    const set = () =>
      this.#frames.run(`layer ${trackId}`, () => {
        this.layers.value = new Map(this.layers.value).set(trackId, layer);
      });
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

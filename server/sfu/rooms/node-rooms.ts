// The rooms of this node: made for the first participant, closed after the last one.
import { ParleyError } from '../../../shared/errors.ts';
import type { PublishTo } from './media-room.ts';
import { NodeRoom, type NodeRoomContext } from './node-room.ts';

export interface NodeRoomsOptions extends NodeRoomContext {
  maxRooms: number;
  publisher(room: string): PublishTo;
  /** A room is here from now on, or no more. */
  onRoom?(room: string, isOpen: boolean): void;
  /** The number of rooms or sessions changed. */
  onChange(): void;
}

interface ParticipantKey {
  room: string;
  participantId: string;
}

export class NodeRooms {
  readonly #options: NodeRoomsOptions;
  readonly #rooms = new Map<string, NodeRoom>();
  /** Changes under way, by participant. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: NodeRoomsOptions) {
    this.#options = options;
  }

  get open(): readonly NodeRoom[] {
    return [...this.#rooms.values()];
  }

  get sessions(): number {
    return this.open.reduce((sum, room) => sum + room.size, 0);
  }

  find(name: string): NodeRoom | undefined {
    return this.#rooms.get(name);
  }

  /**
   * The room, made if it is not here, and kept open until `entered` is called.
   * @throws ParleyError `no_capacity`
   */
  enter(name: string): { room: NodeRoom; entered: () => void } {
    const known = this.#rooms.get(name);
    if (known) return { room: known, entered: known.enter() };
    if (this.#rooms.size >= this.#options.maxRooms) {
      throw new ParleyError('no_capacity', { retryAfterMs: 1_000 });
    }
    const room: NodeRoom = new NodeRoom(
      {
        name,
        publish: this.#options.publisher(name),
        onClose: () => {
          if (this.#rooms.get(name) === room) this.#rooms.delete(name);
          this.#options.onRoom?.(name, false);
          this.#options.onChange();
        },
      },
      this.#options,
    );
    this.#rooms.set(name, room);
    this.#options.onRoom?.(name, true);
    return { room, entered: room.enter() };
  }

  changed(): void {
    this.#options.onChange();
  }

  /**
   * Runs the actions of one participant in the order they were asked for: after a timeout of `open`, `web`
   * sends `close`, which must not overtake it.
   */
  inTurn<T>({ room, participantId }: ParticipantKey, action: () => Promise<T>): Promise<T> {
    const key = `${room}/${participantId}`;
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(action, action);
    this.#turns.set(key, turn);
    const done = () => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    };
    turn.then(done, done);
    return turn;
  }
}

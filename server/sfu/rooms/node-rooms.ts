// The rooms of this node: made when somebody comes, gone when the last one has left.
import { ParleyError } from '../../../shared/errors.ts';
import type { PublishEvent } from './media-room.ts';
import { NodeRoom, type NodeRoomContext } from './node-room.ts';

export interface NodeRoomsOptions extends NodeRoomContext {
  maxRooms: number;
  publisher(room: string): PublishEvent;
  /** Rooms or sessions became more or fewer. */
  onChange(): void;
}

interface Whose {
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
    return this.open.reduce((sum, room) => sum + room.peers.length, 0);
  }

  find(name: string): NodeRoom | undefined {
    return this.#rooms.get(name);
  }

  /**
   * The room, made if it is not here, and held open until `entered` is called.
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
          this.#options.onChange();
        },
      },
      this.#options,
    );
    this.#rooms.set(name, room);
    return { room, entered: room.enter() };
  }

  changed(): void {
    this.#options.onChange();
  }

  /**
   * What opens, closes or changes one participant's media happens in the order it was asked for:
   * whoever gave up waiting for an `open` says `close`, which must not overtake it.
   */
  inTurn<T>({ room, participantId }: Whose, action: () => Promise<T>): Promise<T> {
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

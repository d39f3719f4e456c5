// The state of a call for a page: room, tracks, speakers and connection, and their events.
import { Emitter } from '../../../shared/emitter.ts';
import { ParleyError } from '../../../shared/errors.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import { sameTracks, viewRemoteTracks } from '../media/remote-tracks.ts';
import { connectionState } from './connection-state.ts';
import { RoomView } from './room-view.ts';
import type { CallEvents, ConnectionState, RemoteTrack, Speaker } from './types.ts';

export class CallState {
  protected readonly view: RoomView;
  protected readonly events = new Emitter<CallEvents>((error, event) =>
    console.error(`Parley: a listener of "${event}" failed.`, error),
  );
  #remote: ReadonlyMap<string, RemoteTrack> = new Map();
  #speakers: readonly Speaker[] = [];
  #connection: ConnectionState = { state: 'connected' };

  constructor(room: string) {
    this.view = new RoomView(room);
  }

  get room(): RoomSnapshot {
    return this.view.snapshot;
  }

  get count(): number {
    return this.view.count;
  }

  get remoteTracks(): ReadonlyMap<string, RemoteTrack> {
    return this.#remote;
  }

  get speakers(): readonly Speaker[] {
    return this.#speakers;
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  on<K extends keyof CallEvents>(event: K, listener: (...args: CallEvents[K]) => void): () => void {
    return this.events.on(event, listener);
  }

  protected get hasEnded(): boolean {
    return this.#connection.state === 'ended';
  }

  /** The caller emits `connection` when everything is closed. */
  protected setEnded(error: ParleyError | undefined): void {
    this.#connection = { state: 'ended', error };
  }

  protected updateSpeakers(speakers: readonly Speaker[]): void {
    this.#speakers = speakers;
    this.events.emit('speakers', speakers);
  }

  protected updateTracks(arrived: ReadonlyMap<string, MediaStreamTrack>): void {
    const next = viewRemoteTracks(this.room, arrived, this.#remote);
    if (sameTracks(this.#remote, next)) return;
    this.#remote = next;
    this.events.emit('remoteTracks', next);
  }

  protected updateConnection(parts: Omit<Parameters<typeof connectionState>[0], 'since'>): void {
    const before = this.#connection;
    if (before.state === 'ended') return;
    const since = before.state === 'connected' ? Date.now() : before.since;
    this.#connection = connectionState({ since, ...parts });
    if (before.state === 'connected' && this.#connection.state === 'connected') return;
    this.events.emit('connection', this.#connection);
  }

  protected problem(cause: unknown): void {
    const error = ParleyError.from(cause);
    // A request lost with a socket is repeated after the resume.
    if (error.code === 'unreachable' || this.hasEnded) return;
    this.events.emit('problem', error);
  }
}

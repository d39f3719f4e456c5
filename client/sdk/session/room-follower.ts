// Follows the room: takes what the server sends of it into the view, and asks for what is missing.
import type { ParleyError } from '../../../shared/errors.ts';
import type { EventPayload, MethodResult } from '../../../shared/protocol/protocol.ts';
import type { RoomSize } from '../../../shared/protocol/roster-messages.ts';
import type { ParticipantPage, ParticipantQuery } from '../../../shared/room/listing.ts';
import type { RoomPatch } from '../../../shared/room/operations.ts';
import type { Retries } from '../link/retries.ts';
import type { Request } from '../media/media-session.ts';
import { ParticipantPages } from './participant-pages.ts';
import type { Outcome, RoomView } from './room-view.ts';

export interface RoomFollowerOptions {
  view: RoomView;
  request: Request;
  retries: Retries;
  /** A change that the view did not have. */
  onPatch(patch: Pick<RoomPatch, 'ops'>): void;
  /** The view has changed in anything. */
  onChange(): void;
  /** The room has another size alone. */
  onResize(): void;
  onProblem(error: ParleyError): void;
}

export class RoomFollower {
  readonly #options: RoomFollowerOptions;
  readonly #pages: ParticipantPages;

  constructor(options: RoomFollowerOptions) {
    this.#options = options;
    const { view, request, onChange } = options;
    this.#pages = new ParticipantPages(view, (query) => request('participants', query), onChange);
  }

  patches(patches: readonly RoomPatch[]): void {
    const { view, onChange } = this.#options;
    const isChanged = patches.map((patch) => this.#take(view.apply(patch), patch));
    if (isChanged.includes(true)) onChange();
  }

  change(change: EventPayload<'roster'>): void {
    const { view, onChange } = this.#options;
    if (this.#take(view.change(change), change)) onChange();
  }

  replaced({ snapshot }: EventPayload<'room'>): void {
    const { view, onChange } = this.#options;
    view.adopt(snapshot);
    this.#pages.again();
    onChange();
  }

  resize(size: RoomSize): void {
    if (this.#options.view.resize(size)) this.#options.onResize();
  }

  /** What was missed while there was no socket. */
  missed({ snapshot, patches }: Pick<MethodResult<'resume'>, 'snapshot' | 'patches'>): void {
    const { view, onPatch } = this.#options;
    if (snapshot) view.replace(snapshot);
    // While we were away, a host may have changed our own tracks.
    for (const patch of patches ?? []) if (view.apply(patch) === 'applied') onPatch(patch);
  }

  /** The socket carries requests again. @param patches what was missed, if that came as patches */
  resumed(patches: readonly RoomPatch[] | null): void {
    // The room has become a small one meanwhile: patches do not lead from a part to the whole.
    if (patches && this.#options.view.isPart) this.#askForSnapshot();
    this.#pages.again();
  }

  find(query: ParticipantQuery): Promise<ParticipantPage> {
    return this.#pages.find(query);
  }

  /** @returns whether the room has changed */
  #take(outcome: Outcome, patch: Pick<RoomPatch, 'ops'>): boolean {
    if (outcome === 'gap') this.#askForSnapshot();
    if (outcome === 'applied') this.#options.onPatch(patch);
    return outcome === 'applied';
  }

  #askForSnapshot(): void {
    const { view, request, retries, onChange, onProblem } = this.#options;
    if (retries.has('snapshot')) return;
    const ask = async () => {
      view.replace(await request('snapshot', {}));
      onChange();
    };
    retries.send('snapshot', ask, onProblem);
  }
}

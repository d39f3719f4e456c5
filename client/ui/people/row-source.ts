// The rows of the list: from the room, if the page knows all of it, or else from the server, a page at a time.
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { folded, PAGE_LENGTH, type ParticipantPage } from '../../../shared/room/listing.ts';
import type { CallModel } from '../call/call-model.ts';
import { byOwner } from '../stage/tiles.ts';
import { pagesOf, type Row, type RowRange } from './rows.ts';

/** Rows that are only scrolled past are not asked for, nor is each letter of a search. Milliseconds. */
const SETTLED_MS = 120;
/** What is in view is asked for again this often. Milliseconds. */
const REFRESH_MS = 5_000;

export class RowSource {
  readonly search = signal('');
  /** The last request failed; it is repeated. */
  readonly failed = signal(false);
  readonly #model: CallModel;
  readonly #tracks;
  readonly #folded = computed(() => folded(this.search.value));
  readonly #whole;
  readonly #found;
  readonly #pages = signal<ReadonlyMap<number, ParticipantPage>>(new Map());
  readonly #foundByServer = signal<number | undefined>(undefined);
  readonly #range = signal<RowRange>({ first: 0, end: 0 });
  readonly #ends: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Answers to an earlier search are late. */
  #searches = 0;

  constructor(model: CallModel) {
    this.#model = model;
    const { room, count, stage } = model;
    const participants = computed(() => room.value.participants);
    this.#tracks = computed(() => byOwner(stage.tracks.value));
    this.#whole = computed(() => count.value <= participants.value.length);
    this.#found = computed(() => {
      const search = this.#folded.value;
      if (search === '') return participants.value;
      return participants.value.filter(({ name }) => folded(name).includes(search));
    });
    this.#ends.push(
      effect(() => {
        this.#folded.value;
        if (untracked(() => this.#whole.value)) return;
        this.#searches += 1;
        batch(() => {
          this.#pages.value = new Map();
          this.#foundByServer.value = undefined;
        });
      }),
      effect(() => {
        const range = this.#range.value;
        this.#folded.value;
        // A participant who joins or leaves moves the rows below.
        count.value;
        if (!this.#whole.value) this.#askAfter(SETTLED_MS, range);
      }),
      () => clearTimeout(this.#timer),
    );
  }

  /** How many rows the list has; undefined until the server has answered. */
  get total(): number | undefined {
    if (this.#whole.value) return this.#found.value.length;
    // Before the first answer the list of everybody is as long as the room.
    return this.#foundByServer.value ?? (this.#folded.value === '' ? this.#count : undefined);
  }

  /** Undefined: not known yet. */
  rowAt(index: number): Row | undefined {
    if (this.#whole.value) return this.#rowOf(this.#found.value[index]);
    const page = this.#pages.value.get(Math.floor(index / PAGE_LENGTH));
    return this.#rowOf(page?.participants[index % PAGE_LENGTH], page);
  }

  /** Names the rows that are looked at. */
  look(range: RowRange): void {
    const { first, end } = this.#range.peek();
    if (first !== range.first || end !== range.end) this.#range.value = range;
  }

  close(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  get #count(): number {
    return this.#model.count.value;
  }

  #rowOf(participant: Row['participant'] | undefined, page?: ParticipantPage): Row | undefined {
    if (!participant) return undefined;
    // What the room says of it is newer than the page.
    const tracks =
      this.#tracks.value.get(participant.id) ??
      page?.tracks.filter(({ participantId }) => participantId === participant.id) ??
      [];
    return { participant, tracks };
  }

  #askAfter(delayMs: number, range: RowRange): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(range), delayMs);
  }

  async #ask(range: RowRange): Promise<void> {
    if (document.hidden) return this.#askAfter(REFRESH_MS, range);
    const search = this.#folded.peek();
    const searches = this.#searches;
    const { first, end } = range;
    // Without rows in view there is still the number of all to ask for.
    const wanted = pagesOf({ first, end: Math.max(end, first + 1) }, PAGE_LENGTH);
    try {
      const answers = await Promise.all(
        wanted.map(async (page) => {
          const offset = page * PAGE_LENGTH;
          const query = { offset, limit: PAGE_LENGTH, ...(search !== '' && { search }) };
          return [page, await this.#model.call.findParticipants(query)] as const;
        }),
      );
      if (searches !== this.#searches) return;
      batch(() => {
        this.#pages.value = new Map([...this.#pages.peek(), ...answers]);
        this.#foundByServer.value = answers.at(-1)?.[1].total;
        this.failed.value = false;
      });
    } catch {
      if (searches === this.#searches) this.failed.value = true;
    }
    // Unless something else was asked for meanwhile, or the list was closed.
    if (this.#ends.length > 0 && searches === this.#searches && range === this.#range.peek()) {
      this.#askAfter(REFRESH_MS, range);
    }
  }
}

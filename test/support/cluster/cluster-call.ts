// A call on a cluster, watched: all participants send and receive, and the gaps of every picture are recorded.
import assert from 'node:assert/strict';
import { DEADLINES } from '../process/deadlines.ts';
import { until } from '../process/until.ts';
import { FrameWatch } from '../sdk/frame-watch.ts';
import { Person } from '../sdk/participant.ts';
import { type Owner, ownedBy } from '../server/owned.ts';

export class ClusterCall {
  readonly people: readonly Person[];
  readonly room: string;
  readonly #context: Owner;
  readonly #watches: FrameWatch[] = [];
  /** Each participant's tracks when the watch began. */
  readonly #before: Array<{ participantId: string; tracks: string[] }> = [];

  private constructor(context: Owner, room: string, people: readonly Person[]) {
    this.#context = context;
    this.room = room;
    this.people = people;
  }

  /** @param urls one for each participant, in turn */
  static async start(
    context: Owner,
    urls: readonly string[],
    names: readonly string[],
    room = 'team',
    /** After each one. */
    onJoined: (count: number) => Promise<void> = async () => {},
  ): Promise<ClusterCall> {
    const people: Person[] = [];
    for (const [index, name] of names.entries()) {
      const url = urls[index % urls.length];
      assert.ok(url);
      people.push(await Person.join(context, url, room, name));
      await onJoined(people.length);
    }
    const call = new ClusterCall(context, room, people);
    await call.flows();
    return call;
  }

  /** Waits until all participants see and hear each other again. */
  async flows(): Promise<void> {
    for (const one of this.people) {
      await Promise.all(
        this.people.flatMap((other) => (other === one ? [] : [one.sees(other), one.hears(other)])),
      );
    }
  }

  /** Identifies the current transports of all participants. */
  transports(): Promise<string[]> {
    return Promise.all(this.people.map((person) => person.transports()));
  }

  /** Waits until all participants have new transports, and no picture comes from the old ones. */
  async isOnNewTransports(before: readonly string[]): Promise<void> {
    await until(
      'everybody to be on new transports',
      async () => {
        for (const [index, person] of this.people.entries()) {
          assert.notEqual(await person.transports(), before[index], person.name);
          assert.deepEqual(await person.shownFromOlderSessions(), [], person.name);
        }
      },
      { withinMs: DEADLINES.mediaRebuilt },
    );
  }

  /** Records gaps from now on: each participant watches the next one. */
  async watch(): Promise<void> {
    const { people } = this;
    for (const [index, person] of people.entries()) {
      const watched = people[(index + 1) % people.length];
      assert.ok(watched);
      this.#watches.push(ownedBy(this.#context).use(await FrameWatch.start(person, watched)));
      const tracks = [...person.call.remoteTracks.keys()].sort();
      this.#before.push({ participantId: person.participantId, tracks });
      person.problems.length = 0;
      person.states.length = 0;
    }
  }

  /** The longest that any watched picture stood still since `watch`. */
  get longestGapMs(): number {
    return Math.max(...this.#watches.map((watch) => watch.longestGapMs()));
  }

  /** Asserts that the longest gap since `watch` was below this. It is printed in any case. */
  gapIsBelow(limitMs: number): void {
    const gap = Math.round(this.longestGapMs);
    this.#context.diagnostic(`longest gap ${gap} ms`);
    assert.ok(gap < limitMs, `a picture stood still for ${gap} ms`);
  }

  /** Asserts that all participants have the same ids and tracks as before, and no problem was reported. */
  async isAsBefore(): Promise<void> {
    await until('everybody to have everything again', () => {
      const now = this.people.map(({ participantId, call }) => ({
        participantId,
        tracks: [...call.remoteTracks.keys()].sort(),
      }));
      assert.deepEqual(now, this.#before);
      for (const { call } of this.people) {
        assert.equal(call.room.participants.length, this.people.length);
        assert.ok(call.room.participants.every(({ online }) => online));
      }
    });
    for (const { name, problems } of this.people) assert.deepEqual(problems, [], name);
  }

  /** One participant writes in the chat, and all others read it. */
  async says(text: string, speaker = this.people[0]): Promise<void> {
    assert.ok(speaker);
    await speaker.call.sendChat(text);
    await until(`everybody to read "${text}"`, () => {
      for (const { call } of this.people) {
        assert.ok(call.room.chat.some((message) => message.text === text));
      }
    });
  }

  leave(): void {
    for (const { call } of this.people) call.leave();
  }
}

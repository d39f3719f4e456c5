// A room of light participants with microphones that are silent until the test makes them speak, and what each of
// them hears, by the number of the frame.
import assert from 'node:assert/strict';
import { cleanup } from 'node-datachannel';
import { Participant } from '../../../client/load/participant.ts';
import type { LoadPlan } from '../../../client/load/plan.ts';
import { readVoiceFrame } from '../../../client/load/rtp/voice.ts';
import { until } from '../process/until.ts';
import { type Owner, ownedBy } from '../server/owned.ts';

/** Joins at once: as many as a server takes without keeping any waiting for long. */
const AT_ONCE = 10;
/** When nothing has arrived for this long, nothing is on its way: longer than a word is held back. */
const SETTLED_MS = 1_500;

export class LightPerson {
  readonly participant: Participant;
  readonly name: string;
  /** Numbers of the frames of speech that arrived, and when, by track. */
  readonly heard = new Map<string, Map<number, number>>();
  /** When each frame of the present word was spoken. */
  readonly spoken: number[] = [];
  #left = 0;

  constructor(name: string, plan: LoadPlan, publishers: number, holdsBack: boolean) {
    this.name = name;
    this.participant = new Participant({
      plan,
      arrival: {
        ...{ atMs: 0, role: 'publisher', room: plan.room, name, place: 0 },
        hasCamera: false,
        publishersOfRoom: publishers,
        isCounted: true,
      },
      ...{ run: 1, holdsBack },
      now: () => performance.now(),
      onPacket: () => {},
      checkAddresses: () => {},
      speaks: () => this.#speaks(),
      onFrame: (trackId, payload) => {
        const frame = readVoiceFrame(payload);
        if (frame === undefined) return;
        const frames = this.heard.get(trackId) ?? new Map<number, number>();
        this.heard.set(trackId, frames.set(frame, performance.now()));
      },
    });
  }

  /** Says a word of so many numbered frames, from now on. */
  say(frames: number): void {
    this.spoken.length = 0;
    this.#left = frames;
  }

  /** Called once for each frame that is due. */
  #speaks(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    this.spoken.push(performance.now());
    return true;
  }
}

export interface LightRoomOptions {
  /** Addresses of `web`; participants take them in turn. */
  urls: readonly string[];
  room: string;
  people: number;
  /** How many join at once. */
  atOnce?: number;
  /** Waited for before the next ones come. @param count those who have joined */
  onJoined?(count: number): Promise<void>;
  /** Whether they hold their first words back. Default: true. */
  holdsBack?: boolean;
}

export class LightRoom {
  readonly people: LightPerson[];

  private constructor(people: LightPerson[]) {
    this.people = people;
  }

  static async open(t: Owner, options: LightRoomOptions): Promise<LightRoom> {
    const { urls, room, people: count, holdsBack = true, atOnce = AT_ONCE, onJoined } = options;
    const people = Array.from({ length: count }, (_, index) => {
      const url = urls[index % urls.length];
      assert.ok(url !== undefined);
      return new LightPerson(`person ${index + 1}`, planOf(url, room, count), count, holdsBack);
    });
    const owned = ownedBy(t);
    owned.defer(() => cleanup());
    owned.defer(async () => {
      for (let start = 0; start < people.length; start += AT_ONCE) {
        const some = people.slice(start, start + AT_ONCE);
        await Promise.all(some.map(({ participant }) => participant.leave()));
      }
    });
    for (let start = 0; start < people.length; start += atOnce) {
      const some = people.slice(start, start + atOnce);
      await Promise.all(some.map(({ participant }) => participant.join()));
      await onJoined?.(Math.min(start + atOnce, people.length));
    }
    await until('everybody to send', () => {
      const silent = people.filter(({ participant }) => participant.sample().sentPackets < 2);
      assert.deepEqual(
        silent.map(({ name }) => name),
        [],
      );
    });
    return new LightRoom(people);
  }

  /**
   * One says a word of so many frames.
   *
   * @returns what each of the others missed of it, and how late its first frame was, in milliseconds
   */
  async word(
    speaker: LightPerson,
    frames: number,
  ): Promise<{ missing: number[]; lateMs: number[] }> {
    const listeners = this.people.filter((person) => person !== speaker);
    for (const { heard } of this.people) heard.clear();
    const missedBefore = speaker.participant.sample().missedFrames;
    speaker.say(frames);
    const all = () => listeners.map(({ heard }) => [...heard.values()].flatMap((of) => [...of]));
    await until('the word to be over', () => assert.equal(speaker.spoken.length, frames));
    let before = -1;
    await until(
      'the last frames to arrive',
      () => {
        const now = all().flat().length;
        const isNews = now !== before;
        before = now;
        assert.ok(now > 0 && !isNews, `${now} have arrived`);
      },
      { everyMs: SETTLED_MS },
    );
    const [firstMs = 0] = speaker.spoken;
    // Frames that a busy machine was too late to speak at all.
    const spoken = frames - (speaker.participant.sample().missedFrames - missedBefore);
    return {
      missing: all().map((of) => spoken - new Set(of.map(([frame]) => frame)).size),
      lateMs: all().map((of) => Math.min(...of.map(([, atMs]) => atMs)) - firstMs),
    };
  }
}

function planOf(url: string, room: string, publishers: number): LoadPlan {
  const thresholds = {
    ...{ refused: 0, joinP95Ms: 0, firstPacketP95Ms: 0 },
    ...{ lossPercent: 0, gapPercent: 0, delayP95Ms: 0 },
  };
  return {
    ...{ url, room, token: undefined, publishers, viewers: 0, rooms: 1, layout: 1, speakers: 1 },
    ...{ called: undefined, counted: publishers },
    ...{
      audioOnly: true,
      cameras: 0,
      rampMs: 0,
      durationMs: 1,
      json: false,
      isOwn: false,
      thresholds,
    },
  };
}

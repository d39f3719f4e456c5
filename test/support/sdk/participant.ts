// A participant with our SDK and real WebRTC media, without a browser.
import './media.ts';
import assert from 'node:assert/strict';
import { joinCall } from '../../../client/sdk/session/join-call.ts';
import type {
  Call,
  ConnectionState,
  JoinOptions,
  RemoteTrack,
} from '../../../client/sdk/session/types.ts';
import type { TrackSource } from '../../../shared/room/room.ts';
import { DEADLINES } from '../process/deadlines.ts';
import { until } from '../process/until.ts';
import { type Owner, ownedBy } from '../server/owned.ts';
import { cameraTrack, type MadeMicrophone, type MadeTrack, microphoneTrack } from './media.ts';

export interface PersonOptions extends Partial<JoinOptions> {
  /** The tracks to share from the start. Default: a microphone and a camera. */
  share?: readonly TrackSource[];
}

/** New frames, or growth of the audio energy, that prove that media flows. */
const MOVING_FRAMES = 3;

interface Inbound {
  framesDecoded: number;
  totalAudioEnergy: number;
  packetsReceived: number;
}

export class Person implements Disposable {
  readonly name: string;
  readonly call: Call;
  /** Codes of everything that was refused later on. */
  readonly problems: string[] = [];
  /** Every state of the connection since the join. */
  readonly states: ConnectionState['state'][] = [];
  readonly #made: (MadeTrack | MadeMicrophone)[];

  private constructor(name: string, call: Call, made: (MadeTrack | MadeMicrophone)[]) {
    this.name = name;
    this.call = call;
    this.#made = made;
    call.on('problem', ({ code }) => this.problems.push(code));
    call.on('connection', ({ state }) => this.states.push(state));
  }

  static async join(
    context: Owner,
    url: string,
    room: string,
    name: string,
    { share = ['microphone', 'camera'], ...options }: PersonOptions = {},
  ): Promise<Person> {
    const made = share.map((source) => ({ source, ...makeTrack(source) }));
    try {
      const call = await joinCall({
        url,
        room,
        name,
        handlerName: 'Chrome111',
        tracks: made,
        ...options,
      });
      return ownedBy(context).use(new Person(name, call, made));
    } catch (error) {
      for (const track of made) track[Symbol.dispose]();
      throw error;
    }
  }

  get participantId(): string {
    return this.call.participantId;
  }

  /** Shares something more. */
  async share(source: TrackSource): Promise<void> {
    const track = makeTrack(source);
    this.#made.push(track);
    await this.call.publish({ source, ...track });
  }

  /** There is a tone in front of the microphone, or silence. */
  speaks(speaks: boolean): void {
    for (const made of this.#made) if ('speak' in made) made.speak(speaks);
  }

  /** The received tracks of another participant. */
  tracksOf(other: Person): RemoteTrack[] {
    return [...this.call.remoteTracks.values()].filter(
      ({ participantId }) => participantId === other.participantId,
    );
  }

  /** Waits until pictures of the other's camera are decoded that were not before. */
  async sees(other: Person, withinMs: number = DEADLINES.media): Promise<void> {
    let before: number | undefined;
    await until(
      `${this.name} to see ${other.name}`,
      async () => {
        const { framesDecoded } = await this.#inbound(other, 'camera');
        // A rebuilt media session counts from zero.
        if (before === undefined || framesDecoded < before) before = framesDecoded;
        const frames = framesDecoded - before;
        assert.ok(frames >= MOVING_FRAMES, `${frames} new frames were decoded`);
      },
      { withinMs },
    );
  }

  /** Waits until sound of the other arrives that was not there before. */
  async hears(other: Person, withinMs: number = DEADLINES.media): Promise<void> {
    let before: number | undefined;
    await until(
      `${this.name} to hear ${other.name}`,
      async () => {
        const { totalAudioEnergy } = await this.#inbound(other, 'microphone');
        if (before === undefined || totalAudioEnergy < before) before = totalAudioEnergy;
        assert.ok(totalAudioEnergy > before, `the energy is ${totalAudioEnergy} still`);
      },
      { withinMs },
    );
  }

  /** Packets of the other's source that arrived on the media session of now. */
  async packetsFrom(other: Person, source: TrackSource): Promise<number> {
    return (await this.#inbound(other, source)).packetsReceived;
  }

  /** Identifies the current transports. It changes whenever one of them is replaced. */
  async transports(): Promise<string> {
    return (await this.#statsOf('certificate')).map(({ fingerprint }) => fingerprint).join(' ');
  }

  /** Streams that are shown while they come from a media session that is being left. */
  async shownFromOlderSessions(): Promise<string[]> {
    const { recv } = await this.call.stats();
    // Ids from an older session begin with its epoch.
    return [...(recv?.keys() ?? [])].filter((id) => /^\d+-/.test(id));
  }

  /** The port of the media worker that carries this participant's media. */
  async mediaPort(): Promise<number> {
    const [candidate] = await this.#statsOf('remote-candidate');
    assert.ok(candidate?.port, `${this.name} has no candidate of the server`);
    return candidate.port;
  }

  [Symbol.dispose](): void {
    this.call.leave();
    for (const track of this.#made) track[Symbol.dispose]();
  }

  async #statsOf(type: string): Promise<Record<string, never>[]> {
    const { send, recv } = await this.call.stats();
    return [send, recv]
      .flatMap((report) => [...(report?.values() ?? [])])
      .filter((entry) => entry.type === type);
  }

  async #inbound(other: Person, source: TrackSource): Promise<Inbound> {
    const remote = this.tracksOf(other).find((track) => track.source === source);
    assert.ok(remote, `${this.name} has no ${source} of ${other.name}`);
    const { recv } = await this.call.stats();
    const entry = [...(recv?.values() ?? [])].find(
      ({ type, trackIdentifier }) => type === 'inbound-rtp' && trackIdentifier === remote.track.id,
    );
    assert.ok(entry, `nothing has arrived of ${other.name}'s ${source}`);
    const { framesDecoded = 0, totalAudioEnergy = 0, packetsReceived = 0 } = entry;
    return { framesDecoded, totalAudioEnergy, packetsReceived };
  }
}

function makeTrack(source: TrackSource): MadeTrack | MadeMicrophone {
  return source === 'microphone' || source === 'screen-audio' ? microphoneTrack() : cameraTrack();
}

// The speakers of a room, as this node knows them: from its routers, from other nodes, and from participants who say that
// they begin to speak.
import { ParleyError } from '../../../../shared/errors.ts';
import { RoomVoices, type RoomVoicesOptions } from '../../mesh/room-voices.ts';
import type { PublishEvent } from '../media-room.ts';
import type { RoomRouter } from '../room-router.ts';
import { RoomSpeakers, type Volume } from '../room-speakers.ts';
import type { RoomTrack, RoomTracks } from '../room-tracks.ts';
import { Claims } from './claims.ts';
import { untilReceived } from './until-received.ts';

/** Speakers that are published. More are never understood at once. */
const MAX_SPEAKERS = 6;

/** A participant on this node, as one who is to hear a voice. */
export interface Listener {
  readonly participantId: string;
  readonly subscriptions: { receiving(track: RoomTrack): Promise<void> };
}

export interface RoomSpeechOptions extends Omit<RoomVoicesOptions, 'onVoices'> {
  tracks: RoomTracks;
  /** Voices that are heard at once in a large room. */
  voices: number;
  listeners(): readonly Listener[];
  /** The action may change whose voices participants receive: afterwards they receive those. */
  change(action: () => void): void;
  publish: PublishEvent;
}

export class RoomSpeech {
  readonly #options: RoomSpeechOptions;
  readonly #speakers: RoomSpeakers;
  readonly #voices: RoomVoices;
  readonly #claims: Claims;

  constructor(options: RoomSpeechOptions) {
    this.#options = options;
    const { resources, tracks, change } = options;
    this.#speakers = new RoomSpeakers({
      resources,
      onSpeakers: (volumes) => this.#onSpeakers(volumes),
    });
    this.#voices = new RoomVoices({
      ...options,
      onVoices: (nodeId, volumes) => this.#speakers.report(nodeId, volumes),
    });
    this.#claims = new Claims({
      resources,
      most: options.voices,
      onUnconfirmed: (producerId) => change(() => tracks.fellSilent(producerId)),
    });
  }

  /** The room is on other nodes too. Idempotent. */
  listen(): void {
    this.#voices.listen();
  }

  /** Others are told of tracks whose participants are here: whoever hears more would only repeat it. */
  report(origin: RoomRouter, loudest: readonly Volume[]): void {
    this.#speakers.report(origin.id, loudest);
    this.#voices.publish(loudest.filter(({ producerId }) => origin.own(producerId)));
  }

  /** Another node has no track of the room any more. */
  forget(nodeId: string): void {
    this.#speakers.report(nodeId, []);
  }

  /**
   * A participant here begins to speak. The event `heard` follows when the others receive the track.
   *
   * @throws ParleyError `unknown_track` for a track that is no unmuted voice of this participant
   */
  begin(
    { participantId, epoch }: Pick<RoomTrack, 'participantId' | 'epoch'>,
    trackId: string,
  ): void {
    const { tracks, publish } = this.#options;
    const track = tracks.of(trackId).findLast((known) => known.epoch === epoch);
    const producer =
      track?.home.nodeId === undefined ? track?.home.router.own(track.producerId) : undefined;
    const isOwn = track?.participantId === participantId;
    if (!track || !producer || !isOwn || producer.kind !== 'audio' || producer.paused) {
      throw new ParleyError('unknown_track');
    }
    const others = tracks.common.isEveryVoice ? undefined : this.#voices.claim(track.producerId);
    void Promise.all([this.#admit(track), others]).then(() =>
      publish('heard', { participantId, epoch, trackId }),
    );
  }

  /** A participant of another node begins to speak. Resolves when those who are to hear it here receive it. */
  async beginElsewhere(producerId: string): Promise<void> {
    const track = this.#options.tracks.get(producerId);
    if (track?.kind === 'audio' && track.home.nodeId !== undefined) await this.#admit(track);
  }

  close(): void {
    this.#speakers.close();
    this.#claims.close();
    void this.#voices.close();
  }

  /** Makes the participants here receive the voice. Refused claims are not waited for. */
  async #admit(track: RoomTrack): Promise<void> {
    const { tracks, change, listeners, resources } = this.#options;
    const { producerId, participantId } = track;
    if (tracks.common.isEveryVoice || !this.#claims.grant(producerId)) return;
    change(() => tracks.spoke([producerId]));
    const others = listeners().filter((listener) => listener.participantId !== participantId);
    await untilReceived(
      others.map(({ subscriptions }) => subscriptions.receiving(track)),
      resources,
    );
  }

  #onSpeakers(loudest: readonly Volume[]): void {
    const { tracks, change, publish, nodeId } = this.#options;
    const producerIds = loudest.map(({ producerId }) => producerId);
    this.#claims.confirm(producerIds);
    change(() => tracks.spoke(producerIds));
    // A participant's microphone and screen sound count as one: the louder of them.
    const volumes = new Map<string, number>();
    for (const { producerId, volume } of loudest) {
      const track = tracks.get(producerId);
      if (track && !volumes.has(track.participantId)) volumes.set(track.participantId, volume);
    }
    const speakers = [...volumes].map(([participantId, volume]) => ({ participantId, volume }));
    publish('speakers', { origin: nodeId, speakers: speakers.slice(0, MAX_SPEAKERS) });
  }
}

// The part of a room that a participant's media may use. It keeps the two from importing each other.
import type { Producer } from 'mediasoup/types';
import type { MediaEvent, MediaEventData } from '../../cluster/messages/media.ts';
import type { RoomRouter } from './room-router.ts';
import type { RoomTrack, RoomTracks } from './room-tracks.ts';

/** What names a participant goes to the `web` replica that has the session, where that is known here; the rest to all. */
export type PublishEvent = <K extends MediaEvent>(event: K, data: MediaEventData<K>) => void;

/** @param replica the `web` replica that it is for; undefined: all that have sessions in the room */
export type PublishTo = <K extends MediaEvent>(
  event: K,
  data: MediaEventData<K>,
  replica?: string,
) => void;

/** @typeParam P a participant's media */
export interface MediaRoom<P> {
  readonly name: string;
  readonly closed: boolean;
  readonly tracks: RoomTracks;
  readonly publish: PublishEvent;
  chooseRouter(): Promise<RoomRouter>;
  addParticipant(participant: P): void;
  removeParticipant(participant: P): void;
  named(participant: P, trackId: string, isNamed: boolean): void;
  addTrack(track: RoomTrack, producer: Producer): void;
}

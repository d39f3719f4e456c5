// What a participant's media needs of its room: the room knows them, and they know only this of it.
import type { Producer } from 'mediasoup/types';
import type { MediaEvent, MediaEventData } from '../../cluster/messages/media.ts';
import type { RoomRouter } from './room-router.ts';
import type { RoomTrack, RoomTracks } from './room-tracks.ts';

export type PublishEvent = <K extends MediaEvent>(event: K, data: MediaEventData<K>) => void;

/** @typeParam P a participant's media */
export interface MediaRoom<P> {
  readonly name: string;
  readonly closed: boolean;
  readonly tracks: RoomTracks;
  readonly publish: PublishEvent;
  chooseRouter(): Promise<RoomRouter>;
  addPeer(peer: P): void;
  removePeer(peer: P): void;
  addTrack(track: RoomTrack, producer: Producer): void;
  ownTrack(trackId: string, epoch: number): Producer | undefined;
}

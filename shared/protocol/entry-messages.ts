// What a client says of itself as it joins or resumes, and what it is sent when it comes back.
import * as v from 'valibot';
import { RoomPatch } from '../room/operations.ts';
import { RoomSnapshot } from '../room/room.ts';
import { LIMITS } from './limits.ts';
import { MediaOffer } from './media-messages.ts';
import { OfRecording } from './recording-messages.ts';

/** Readmits a participant of the call after a restart of the server, even if the invitation has expired. */
export const Rejoin = v.object({
  token: v.string(),
  /** How long it is good. Milliseconds. */
  forMs: v.number(),
});
export type Rejoin = v.InferOutput<typeof Rejoin>;

export const ResumeResult = v.object({
  /** The missed patches, if the server still has them; otherwise `snapshot` is given. */
  patches: v.nullable(v.array(RoomPatch)),
  snapshot: v.nullable(RoomSnapshot),
  /** The media session as it is; its transports are untouched if `epoch` is the one we know. */
  media: MediaOffer,
  ...OfRecording,
});

/** What a client understands that the first release of this protocol did not have. Others are ignored. */
export const Features = v.exactOptional(
  v.pipe(
    v.array(v.pipe(v.string(), v.maxLength(LIMITS.featureLength))),
    v.maxLength(LIMITS.features),
  ),
);

// What the package @parley/sdk exports. Inside the repository files import each other directly.
export { ERROR_MESSAGES, type ErrorCode, ParleyError } from '../../shared/errors.ts';
export type { VideoCodec } from '../../shared/media/media.ts';
export type { Preference } from '../../shared/protocol/media-messages.ts';
export type { CallRecording } from '../../shared/protocol/recording-messages.ts';
export type { ParticipantPage, ParticipantQuery } from '../../shared/room/listing.ts';
export type {
  ChatMessage,
  Participant,
  Role,
  RoomRecording,
  RoomSnapshot,
  Track,
  TrackSource,
} from '../../shared/room/room.ts';
export { checkNetwork, type NetworkCheckOptions } from './check/network-check.ts';
export type { NetworkState } from './check/types.ts';
export { preconnect } from './link/warm-socket.ts';
export type { Paths } from './paths/selected-path.ts';
export { type PreparedCall, type PrepareOptions, prepareCall } from './prepared/prepare-call.ts';
export { joinCall } from './session/join-call.ts';
export { preload } from './session/preload.ts';
export type {
  Call,
  CallEvents,
  ConnectionState,
  JoinOptions,
  LocalTrack,
  LocalTrackInput,
  PreparedJoin,
  Recording,
  RecordingAccess,
  RemoteTrack,
  Speaker,
} from './session/types.ts';

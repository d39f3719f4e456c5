// A track that a participant begins to send on a media session.
import type { MediaKind, RtpParameters } from '../../../shared/media/rtp.ts';
import type { TrackSource } from '../../../shared/room/room.ts';

export interface PublishRequest {
  trackId: string;
  kind: (typeof MediaKind.options)[number];
  /** Older `web` replicas do not say it. */
  source?: TrackSource | undefined;
  muted: boolean;
  /**
   * The room's version that the mute belongs to. Older `web` replicas send none: such a mute counts as the
   * newest.
   */
  version?: number | undefined;
  rtpParameters: RtpParameters;
  /** Older clients and replicas send none: 0. */
  take?: number | undefined;
}

// What every session of a web replica works with.
import type { RoomTokens } from '../../api/tokens.ts';
import type { RoomStore } from '../../cluster/cluster.ts';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources } from '../../telemetry/resources.ts';
import type { MediaClient } from '../media/media-client.ts';
import type { CallRecordings } from '../recording/call-recordings.ts';
import type { RoomHub } from '../roster/room-hub.ts';
import type { Compression } from '../socket/compression.ts';
import type { SessionKeeper } from './keeper.ts';

export interface SessionContext {
  rooms: RoomStore;
  hub: RoomHub;
  /** For their sockets. */
  compression: Compression;
  media: MediaClient;
  /** Undefined: rooms are open. */
  tokens: RoomTokens | undefined;
  keeper: SessionKeeper;
  recordings: CallRecordings;
  limits: Config['limits'];
  timing: Config['timing'];
  /** How long a media session is kept that a client leaves. */
  drainGraceMs: number;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

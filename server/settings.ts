// Every environment variable Parley reads, in the order docs/configuration.md lists them.
import { cluster, store } from './settings/cluster.ts';
import { access, http } from './settings/http.ts';
import { limits, timing } from './settings/limits.ts';
import { media } from './settings/media.ts';
import { platform, telemetry } from './settings/platform.ts';
import { turn } from './settings/turn.ts';

export const SETTINGS = {
  http,
  access,
  limits,
  timing,
  media,
  cluster,
  store,
  turn,
  platform,
  telemetry,
} as const;

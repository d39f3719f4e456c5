// Every environment variable Parley reads, in the order docs/configuration.md lists them.
import { cluster, store } from './topics/cluster.ts';
import { access, http } from './topics/http.ts';
import { interest } from './topics/interest.ts';
import { jobs } from './topics/jobs.ts';
import { limits, timing } from './topics/limits.ts';
import { media } from './topics/media.ts';
import { platform, telemetry } from './topics/platform.ts';
import { recording, s3, s3Aliases } from './topics/recording.ts';
import { turn } from './topics/turn.ts';

export const SETTINGS = {
  http,
  access,
  limits,
  timing,
  media,
  interest,
  cluster,
  store,
  turn,
  recording,
  s3,
  s3Aliases,
  jobs,
  platform,
  telemetry,
} as const;

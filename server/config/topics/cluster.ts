// How replicas find each other, place participants and remember rooms.

import { ip, portRange, redisUrl, word } from '../parsers.ts';
import { integer, optional, setting, text } from '../setting.ts';

export const cluster = {
  region: setting('REGION', optional(word), {
    default: undefined,
    defaultText: 'none',
    about:
      'Where this process runs. A new room goes to an `sfu-rtc` replica of the region of the `web` replica that asks, if one takes it.',
  }),
  spillSessions: setting('SPILL_SESSIONS_PER_WORKER', integer(1, 10_000), {
    default: 60,
    about:
      'Media sessions per worker above which a room’s next people go to another replica, if there is one that is less loaded and within reach by UDP. Below it a room stays together.',
  }),
  pipeAddress: setting('PIPE_LISTEN_ADDRESS', optional(ip), {
    default: undefined,
    defaultText: 'the first of MEDIA_LISTEN_ADDRESSES',
    about: 'Address on which other replicas send and fetch media (UDP, encrypted with SRTP).',
  }),
  pipeAnnounced: setting('PIPE_ANNOUNCED_ADDRESS', optional(ip), {
    default: undefined,
    defaultText: 'PIPE_LISTEN_ADDRESS',
    about: 'How other replicas reach that address, when it differs.',
  }),
  pipePorts: setting('PIPE_PORTS', optional(portRange), {
    default: undefined,
    defaultText: 'any',
    about:
      'First and last UDP port for pipes, such as 42000-42999, to open a firewall between replicas. A room that spans two replicas takes one on each, for each direction and each worker that it uses there; one more is for probes.',
  }),
  nodeWatchMs: setting('NODE_WATCH_MS', integer(50, 60_000), {
    default: 250,
    about:
      'How often `web` looks which `sfu-rtc` replicas are there. One read of the store per `web` replica.',
  }),
  nodeLostMs: setting('NODE_LOST_MS', integer(100, 60_000), {
    default: 1_000,
    about:
      'How long an `sfu-rtc` replica has to be missing before its people are moved. Long enough for it to reconnect to the store; a move too many costs no frame, as the old session is kept until the new one carries.',
  }),
  drainGraceSeconds: setting('DRAIN_GRACE_SECONDS', integer(0, 86_400), {
    default: 120,
    about:
      'After SIGTERM, how long an `sfu-rtc` replica waits for its sessions to be moved before it ends anyway, and `web` for its clients to reconnect elsewhere. Keep it below the time the platform gives a process to end.',
  }),
  orphanGraceMs: setting('ORPHAN_GRACE_MS', integer(200, 600_000), {
    default: 20_000,
    about:
      'How long an `sfu-rtc` replica keeps a media session that the store does not explain, as the word of its end was lost. A move may take this long; it is looked twice in this time, a read of the store for each room.',
  }),
} as const;

export const store = {
  url: setting('REDIS_URL', optional(redisUrl), {
    default: undefined,
    defaultText: 'none: `npm start` keeps everything in its own memory',
    secret: true,
    about:
      'Redis 7 or Valkey, or any node of a Redis Cluster, which is recognized. `web`, `sfu-rtc` and `worker` need it; it is all they share.',
  }),
  keyPrefix: setting(
    'REDIS_KEY_PREFIX',
    text(/^[\w:.-]{1,64}$/, 'letters, digits, "_", ":", "." or "-"'),
    {
      default: 'parley',
      about: 'Begins every key and channel. Installations that share a Redis need different ones.',
    },
  ),
  tlsCa: setting('REDIS_TLS_CA', optional(word), {
    default: undefined,
    defaultText: 'the authorities that Node trusts',
    about:
      'File with the certificate authority (PEM) of a `rediss://` server that has one of its own.',
  }),
  timeoutMs: setting('STORE_TIMEOUT_MS', integer(100, 60_000), {
    default: 5_000,
    about:
      'How long an operation waits for the store, also while it is away, before it fails with `unavailable`. Long enough for a restart or a failover; calls go on meanwhile.',
  }),
  connectTimeoutMs: setting('STORE_CONNECT_TIMEOUT_MS', integer(100, 600_000), {
    default: 30_000,
    about:
      'How long a start waits for the store before it ends with the reason. Where everything starts at once, the store may be last.',
  }),
  nodeLeaseMs: setting('NODE_LEASE_MS', integer(250, 60_000), {
    default: 2_500,
    about:
      'How long an `sfu-rtc` replica counts as there after its last heartbeat; it sends five in that time. One that is killed is missed at once, by its connection; this is for one that stands still, or lost its network.',
  }),
} as const;

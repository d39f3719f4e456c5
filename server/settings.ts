// Every environment variable Parley reads, in the order docs/configuration.md lists them.
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { choice, flag, integer, list, optional, type Parser, setting, text } from './setting.ts';

const HOSTNAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
const host: Parser<string> = {
  expected: 'an IP address or a hostname',
  parse: (value) => (isIP(value) > 0 || HOSTNAME.test(value) ? value : undefined),
};
const ip: Parser<string> = {
  expected: 'an IPv4 or IPv6 address of this machine',
  parse: (value) => (isIP(value) > 0 ? value : undefined),
};
const origin: Parser<string> = {
  expected: 'an origin such as https://example.org',
  parse(value) {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    return url && url.origin !== 'null' ? url.origin : undefined;
  },
};
const turnUrl = text(
  /^(turns?|stuns?):[^\s]+$/,
  'a STUN or TURN address such as turn:turn.example.org:3478?transport=udp',
);
const redisUrl = text(
  /^rediss?:\/\/\S+$/,
  'an address such as redis://user:password@host:6379/0, or rediss:// for TLS',
);
const secret = text(/^[^\s].*$/s, 'non-empty text');
const word = text(/^\S+$/, 'text without spaces');
const port = integer(1, 65535);
const portRange: Parser<{ min: number; max: number }> = {
  expected: 'two ports such as 42000-42999, the lower one first',
  parse(value) {
    const [, low, high] = /^(\d{1,5})-(\d{1,5})$/.exec(value) ?? [];
    const [min, max] = [Number(low), Number(high)];
    return min >= 1 && max <= 65535 && min < max ? { min, max } : undefined;
  },
};
const portOrAny = integer(0, 65535);
/** What it holds is checked where it is understood: server/turn/environment.ts. */
const turnPool: Parser<string> = {
  expected: 'a JSON array of TURN servers, as docs/turn.md describes them',
  parse: (value) => (value.startsWith('[') && isJson(value) ? value : undefined),
};

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

export const SETTINGS = {
  http: {
    port: setting('PORT', portOrAny, {
      default: 3000,
      about: 'TCP port of the web server. 0 takes any free port.',
    }),
    host: setting('HOST', host, {
      default: '0.0.0.0',
      about: 'Address the web server listens on. The default is reachable from outside.',
    }),
    trustProxy: setting('TRUST_PROXY', flag, {
      default: false,
      about:
        'Believe `X-Forwarded-*` headers. Only behind a proxy that sets them: otherwise anybody may forge their address.',
    }),
    allowedOrigins: setting('ALLOWED_ORIGINS', optional(list(origin)), {
      default: undefined,
      defaultText: 'the server’s own',
      about:
        'Origins of other pages that may open calls here. A browser sends the page’s origin; without this check any page could act with its visitor’s network position.',
    }),
  },
  access: {
    authToken: setting('AUTH_TOKEN', optional(word), {
      default: undefined,
      defaultText: 'unset: anybody may join any room',
      secret: true,
      about:
        'With it, a join needs a room token, which `POST /api/rooms/:room/tokens` mints for whoever presents this value as a bearer token. Room tokens are signed with a key derived from it: changing it ends all of them. Under 16 characters it can be guessed; the start warns then. Without it the start says that rooms are open.',
    }),
    tokenTtlSeconds: setting('TOKEN_TTL_SECONDS', integer(60, 31_536_000), {
      default: 86_400,
      about:
        'How long a room token is valid when its request does not say. A day: a link sent in the morning works in the evening.',
    }),
  },
  limits: {
    participantsPerRoom: setting('MAX_PARTICIPANTS_PER_ROOM', integer(1, 10_000), {
      default: 100,
      about: 'More are refused with `room_full`. Everybody in a room costs everybody else.',
    }),
    tracksPerParticipant: setting('MAX_TRACKS_PER_PARTICIPANT', integer(1, 64), {
      default: 8,
      about:
        'More are refused with `too_many_tracks`. A microphone, a camera and a screen with sound are four.',
    }),
    sockets: setting('MAX_SOCKETS', integer(1, 1_000_000), {
      default: 10_000,
      about:
        'WebSockets open at once in one process; more are answered 503. Each costs some 50 kB; the bound keeps a flood from taking the memory of running calls.',
    }),
    messageBytes: setting('MAX_MESSAGE_BYTES', integer(16_384, 1_048_576), {
      default: 65_536,
      about:
        'Largest WebSocket message read; a larger one closes the socket. A join from Chromium is about 8 kB.',
    }),
    messagesPerSecond: setting('MESSAGES_PER_SECOND', integer(1, 10_000), {
      default: 50,
      about:
        'Messages one socket may send per second on average; above it they are refused with `rate_limited`. A page in a large room sends a handful.',
    }),
    messageBurst: setting('MESSAGE_BURST', integer(1, 10_000), {
      default: 200,
      about: 'Messages one socket may send at once before MESSAGES_PER_SECOND counts.',
    }),
    refusedMessages: setting('MAX_REFUSED_MESSAGES', integer(1, 100_000), {
      default: 500,
      about:
        'Refused messages (malformed, too many, out of order) after which a socket is closed. Reading them costs us more than sending them costs the sender.',
    }),
    sendBufferBytes: setting('MAX_SEND_BUFFER_BYTES', integer(65_536, 67_108_864), {
      default: 1_048_576,
      about:
        'Bytes waiting to be sent to one socket before it is closed. A reader this far behind catches up faster by reconnecting; unbounded, it would take our memory.',
    }),
    chatPerMinute: setting('CHAT_MESSAGES_PER_MINUTE', integer(1, 6_000), {
      default: 60,
      about: 'Chat messages one participant may send per minute: fast typing, no flood.',
    }),
    chatHistory: setting('CHAT_HISTORY', integer(0, 1_000), {
      default: 100,
      about: 'Chat messages kept with a room for those who join or come back later.',
    }),
    networkChecks: setting('MAX_NETWORK_CHECKS', integer(0, 10_000), {
      default: 20,
      about:
        'Network checks (`/check`) one `sfu-rtc` replica serves at once; more are told to wait. Each may send as fast as its line allows for some seconds.',
    }),
    networkCheckSeconds: setting('NETWORK_CHECK_SECONDS', integer(1, 600), {
      default: 45,
      about: 'How long one network check may take before what it opened is closed.',
    }),
    patchHistory: setting('PATCH_HISTORY', integer(0, 10_000), {
      default: 256,
      about:
        'Room changes kept, so that a client which was away gets what it missed instead of the whole room.',
    }),
  },
  timing: {
    joinTimeoutMs: setting('JOIN_TIMEOUT_MS', integer(100, 300_000), {
      default: 10_000,
      about:
        'A socket that has not joined within this time is closed: an idle one costs as much as a used one.',
    }),
    heartbeatMs: setting('HEARTBEAT_INTERVAL_MS', integer(100, 300_000), {
      default: 10_000,
      about:
        'How often each socket is pinged. One that misses two is closed, which starts its grace period. Shorter than the idle timeout of common proxies (60 s).',
    }),
    gracePeriodMs: setting('GRACE_PERIOD_MS', integer(0, 600_000), {
      default: 30_000,
      about:
        'How long a participant whose socket is gone keeps the place in the call, media running. Long enough for a change of network or a restart of a proxy.',
    }),
    commandTimeoutMs: setting('COMMAND_TIMEOUT_MS', integer(100, 60_000), {
      default: 5_000,
      about: 'How long signalling waits for an answer of the media side before it gives up.',
    }),
    shutdownMs: setting('SHUTDOWN_TIMEOUT_MS', integer(0, 3_600_000), {
      default: 5_000,
      about: 'After SIGTERM, how long a clean close may take before the process ends anyway.',
    }),
  },
  media: {
    workers: setting('WORKERS', integer(1, 512), {
      default: availableParallelism(),
      defaultText: 'one per CPU',
      about: 'mediasoup workers. Each uses one CPU at most.',
    }),
    listenAddresses: setting('MEDIA_LISTEN_ADDRESSES', optional(list(ip)), {
      default: undefined,
      defaultText: 'every address of this machine, IPv4 and IPv6',
      about:
        'Addresses media is received on. Loopback is used only when there is nothing else; interfaces of container bridges are left out.',
    }),
    port: setting('MEDIA_PORT', optional(portOrAny), {
      default: undefined,
      defaultText: 'the first free ones from 40000',
      about:
        'UDP and TCP port of the first worker; each further worker takes the next one. Set it to open a firewall; then it has to be free. 0 takes any.',
    }),
    protocols: setting('MEDIA_PROTOCOLS', list(choice('udp', 'tcp')), {
      default: ['udp', 'tcp'],
      about: 'What candidates offer. UDP is preferred; TCP is for networks that block it.',
    }),
    announcedAddresses: setting('ANNOUNCED_ADDRESS', optional(list(host)), {
      default: undefined,
      defaultText: 'the `WATASU_RTC_*` hostname if there is one, else the addresses themselves',
      about:
        'Public addresses or hostnames of this machine (comma-separated: one for IPv4, one for IPv6), when they differ from its own. They are offered besides the listening addresses, so LAN and outside both work.',
    }),
    peersPerWorker: setting('PEERS_PER_WORKER', integer(1, 10_000), {
      default: 20,
      about:
        'People of one room on one worker before the room takes another worker of the replica. Up to it everything stays on one CPU, which is cheapest; each person costs a consumer for every track of every other.',
    }),
    maxSessions: setting('MAX_SESSIONS_PER_REPLICA', integer(1, 100_000), {
      default: 1_000,
      about:
        'Media sessions one `sfu-rtc` replica takes; above it joins go elsewhere or are refused with `no_capacity`. It bounds what one replica can lose, and its memory.',
    }),
    maxRooms: setting('MAX_ROOMS_PER_REPLICA', integer(1, 100_000), {
      default: 500,
      about:
        'Rooms one `sfu-rtc` replica holds; above it new ones go elsewhere or are refused with `no_capacity`. Each costs a router and an audio observer even when nobody speaks.',
    }),
    initialOutgoingBitrate: setting('INITIAL_OUTGOING_BITRATE', integer(100_000, 100_000_000), {
      default: 1_000_000,
      about:
        'Bits per second assumed for each receiver before its first report. Low, and pictures start blurred; high, and thin lines start with loss.',
    }),
    maxIncomingBitrate: setting('MAX_INCOMING_BITRATE', integer(100_000, 1_000_000_000), {
      default: 8_000_000,
      about:
        'Bits per second one participant may send: a camera and a screen at full quality fit. The sender is told and keeps below it.',
    }),
    iceConsentTimeoutSeconds: setting('ICE_CONSENT_TIMEOUT_SECONDS', integer(5, 300), {
      default: 30,
      about: 'Silence after which a transport counts as disconnected (RFC 7675 §5.1).',
    }),
  },
  cluster: {
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
  },
  store: {
    url: setting('REDIS_URL', optional(redisUrl), {
      default: undefined,
      defaultText: 'none: `npm start` keeps everything in its own memory',
      secret: true,
      about:
        'Redis 7 or Valkey, or any node of a Redis Cluster, which is recognized. `web` and `sfu-rtc` need it; it is all they share.',
    }),
    keyPrefix: setting(
      'REDIS_KEY_PREFIX',
      text(/^[\w:.-]{1,64}$/, 'letters, digits, "_", ":", "." or "-"'),
      {
        default: 'parley',
        about:
          'Begins every key and channel. Installations that share a Redis need different ones.',
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
  },
  turn: {
    urls: setting('TURN_URLS', optional(list(turnUrl)), {
      default: undefined,
      defaultText: 'none',
      about: 'STUN and TURN servers with fixed credentials, handed to every browser.',
    }),
    username: setting('TURN_USERNAME', optional(secret), {
      default: undefined,
      defaultText: 'none',
      about: 'User of the servers in TURN_URLS.',
    }),
    password: setting('TURN_PASSWORD', optional(secret), {
      default: undefined,
      defaultText: 'none',
      secret: true,
      about: 'Password of the servers in TURN_URLS. Every participant can see it: prefer a secret.',
    }),
    sharedSecret: setting('TURN_SHARED_SECRET', optional(secret), {
      default: undefined,
      defaultText: 'none',
      secret: true,
      about:
        'Secret shared with a TURN server (coturn: `static-auth-secret`), from which credentials are minted that expire.',
    }),
    url: setting('TURN_URL', optional(turnUrl), {
      default: undefined,
      defaultText: 'built from TURN_HOST and TURN_PORT',
      about: 'Address of the TURN server that TURN_SHARED_SECRET belongs to.',
    }),
    host: setting('TURN_HOST', optional(host), {
      default: undefined,
      defaultText: 'TURN_HOSTNAME',
      about: 'Host of that server, when TURN_URL is not given.',
    }),
    hostname: setting('TURN_HOSTNAME', optional(host), {
      default: undefined,
      defaultText: 'none',
      about: 'Another name for TURN_HOST.',
    }),
    port: setting('TURN_PORT', port, {
      default: 3478,
      about: 'Public port of that server: the port of the gateway, not one of ours.',
    }),
    transport: setting('TURN_TRANSPORT', optional(list(choice('udp', 'tcp', 'tls'))), {
      default: undefined,
      defaultText: 'udp and tcp',
      about: 'How that server is reached. `tls` gives a `turns:` address.',
    }),
    realm: setting('TURN_REALM', optional(word), {
      default: undefined,
      defaultText: 'what the server says',
      about: 'Realm of that server. Browsers learn it from the server; it is kept for checks.',
    }),
    authType: setting('TURN_AUTH_TYPE', optional(word), {
      default: undefined,
      defaultText: 'the TURN REST pattern',
      about:
        'How credentials are made. Known: `rest`, `hmac`, `shared-secret`, `turn-rest`, `use-auth-secret` (all the TURN REST pattern). Anything else stops the start: guessing would give black video.',
    }),
    ttlSeconds: setting('TURN_TTL_SECONDS', integer(10, 604_800), {
      default: 3_600,
      about:
        'How long minted credentials are valid. They are renewed in running calls at three quarters of it.',
    }),
    pool: setting('TURN_POOL', optional(turnPool), {
      default: undefined,
      defaultText: 'none',
      secret: true,
      about:
        'TURN servers of your own, besides those above: `[{"id", "urls", "secret", "region", "weight", …}]`. They join the pool that `parley turn` shows and changes; see turn.md.',
    }),
    serversPerSession: setting('TURN_SERVERS_PER_SESSION', integer(1, 4), {
      default: 2,
      about:
        'TURN servers a participant is given, on different hosts where there are some. Two, so that a call outlives one of them; browsers gather slowly with more.',
    }),
    maxServers: setting('MAX_TURN_SERVERS', integer(1, 10_000), {
      default: 2_000,
      about: 'Servers the pool takes; more are refused. Every media node probes every one of them.',
    }),
    probeIntervalMs: setting('TURN_PROBE_INTERVAL_MS', integer(500, 300_000), {
      default: 3_000,
      about:
        'How often each media node tries each TURN server with a real allocation and a packet through it, ±20 %. Short enough that a dead one leaves new credentials within ten seconds.',
    }),
    probeTimeoutMs: setting('TURN_PROBE_TIMEOUT_MS', integer(100, 30_000), {
      default: 1_500,
      about: 'How long such a try may take. Two that fail in a row make a server failed.',
    }),
    probesPerSecond: setting('TURN_PROBES_PER_SECOND', integer(1, 10_000), {
      default: 150,
      about:
        'Tries of one media node per second: with many servers each is tried less often. It bounds what probing costs; 1,000 addresses take seven seconds.',
    }),
    recoveryMs: setting('TURN_RECOVERY_MS', integer(0, 3_600_000), {
      default: 30_000,
      about:
        'How long a server that failed has to be well before it gets sessions again. One that comes and goes would take calls with it each time.',
    }),
    refreshMs: setting('TURN_POOL_REFRESH_MS', integer(50, 60_000), {
      default: 1_000,
      about:
        'How often a process looks whether the pool has changed, and says what it knows: one small read of the store.',
    }),
    loadIntervalMs: setting('TURN_LOAD_INTERVAL_MS', integer(500, 300_000), {
      default: 10_000,
      about:
        'How often the metrics of TURN servers are read, where they have some, and a point of the dashboard’s curves is kept.',
    }),
  },
  platform: {
    baseLabel: setting('WATASU_RTC_BASE_LABEL', optional(word), {
      default: undefined,
      defaultText: 'none',
      about: 'First part of the replicas’ public hostnames.',
    }),
    baseDomain: setting('WATASU_RTC_BASE_DOMAIN', optional(host), {
      default: undefined,
      defaultText: 'none',
      about: 'Domain of the replicas’ public hostnames.',
    }),
    baseHost: setting('WATASU_RTC_BASE_HOST', optional(host), {
      default: undefined,
      defaultText: 'none',
      about: 'Label and domain in one; used when those two are not given.',
    }),
    ordinal: setting('WATASU_RTC_INSTANCE_ORDINAL', optional(integer(0, 9_999)), {
      default: undefined,
      defaultText: 'none',
      about: 'Number of this replica, from 0. Its hostname carries it plus one.',
    }),
    indexWidth: setting('WATASU_RTC_INSTANCE_INDEX_WIDTH', integer(1, 8), {
      default: 2,
      about: 'Digits of that number in the hostname.',
    }),
    replicaIndex: setting('WATASU_RTC_REPLICA_INDEX', optional(integer(0, 9_999)), {
      default: undefined,
      defaultText: 'none',
      about: 'Another name for WATASU_RTC_INSTANCE_ORDINAL.',
    }),
    processName: setting('WATASU_RTC_PROCESS_NAME', optional(word), {
      default: undefined,
      defaultText: 'none',
      about: 'The Procfile name of this process, for logs.',
    }),
  },
  telemetry: {
    logLevel: setting(
      'LOG_LEVEL',
      choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
      { default: 'info', about: 'The least severe messages to log (JSON lines on stderr).' },
    ),
    metricsPort: setting('METRICS_PORT', optional(portOrAny), {
      default: undefined,
      defaultText: '9464, on loopback only (`npm start`); none (`web`, `sfu-rtc`)',
      about:
        'Port of `/metrics` (Prometheus text). Set, it listens on HOST; unset, on loopback only, so that nothing is published by accident.',
    }),
  },
} as const;

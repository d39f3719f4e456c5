// TURN servers: the first of the pool, how they are chosen, probed and read.

import { host, port, relayUrl, secret, turnPool, turnUrl, word } from '../parsers.ts';
import { choice, integer, list, optional, setting } from '../setting.ts';

export const turn = {
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
  url: setting('TURN_URL', optional(relayUrl), {
    default: undefined,
    defaultText: 'built from TURN_HOST and TURN_PORT',
    about:
      'Address of the TURN server that TURN_SHARED_SECRET belongs to, used as it is. Where TURN_HOST and TURN_TRANSPORT are both given, the addresses are built from those instead.',
  }),
  host: setting('TURN_HOST', optional(host), {
    default: undefined,
    defaultText: 'TURN_HOSTNAME',
    about: 'Host of that server, when TURN_URL is not given, or with TURN_TRANSPORT.',
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
    about:
      'How that server is reached, by TURN_HOST and TURN_PORT. `tls` gives a `turns:` address on the same port; a server that has TLS on another one belongs in TURN_POOL.',
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
      'How often each media node tries each TURN server with a real allocation and a packet through it, ±20 %. Short enough that a dead one leaves new credentials within ten seconds, in a pool of up to 700 addresses.',
  }),
  probeTimeoutMs: setting('TURN_PROBE_TIMEOUT_MS', integer(100, 30_000), {
    default: 1_500,
    about: 'How long such a try may take. Two that fail in a row make a server failed.',
  }),
  probesPerSecond: setting('TURN_PROBES_PER_SECOND', integer(1, 10_000), {
    default: 150,
    about:
      'Tries of one media node per second: with many servers each is tried less often. It bounds what probing costs; 1,000 addresses take eight to ten seconds.',
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
} as const;

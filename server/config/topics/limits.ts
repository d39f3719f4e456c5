// Limits for one client, and timeouts.
import { integer, setting } from '../setting.ts';

export const limits = {
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
      'WebSockets open at once in one process; more are answered 503. An idle one costs some 15 kB; the bound keeps a flood from taking the memory of running calls.',
  }),
  socketsPerAddress: setting('MAX_SOCKETS_PER_ADDRESS', integer(1, 1_000_000), {
    default: 2_000,
    about:
      'WebSockets open at once from one address (an IPv6 network of 64 bits counts as one); more are answered 429. A fifth of MAX_SOCKETS: a whole office behind one address gets in, and no address takes all.',
  }),
  arrivalsPerAddress: setting('ARRIVALS_PER_ADDRESS_PER_MINUTE', integer(1, 1_000_000), {
    default: 1_200,
    about:
      'Sockets opened, joins and resumes of one address per minute, after a burst of ARRIVAL_BURST_PER_ADDRESS; more are refused with `too_many_from_address`. Each join costs the store and a media node some milliseconds.',
  }),
  arrivalBurst: setting('ARRIVAL_BURST_PER_ADDRESS', integer(1, 1_000_000), {
    default: 4_000,
    about:
      'How many of those may come at once. Two thousand people behind one address come back together when their network, or a `web` replica, was away: a socket and a resume each.',
  }),
  roomsPerAddress: setting('MAX_ROOMS_PER_ADDRESS', integer(1, 100_000), {
    default: 100,
    about:
      'Rooms that people of one address may be in at once, in each `web` replica; who would open one more is refused with `too_many_from_address`. A fifth of MAX_ROOMS_PER_REPLICA, so that no address takes every room of a media node. Rooms that exist already can be joined all the same.',
  }),
  networkChecksPerAddress: setting('MAX_NETWORK_CHECKS_PER_ADDRESS', integer(1, 10_000), {
    default: 5,
    about:
      'Network checks of one address at once, in each `web` replica. A quarter of MAX_NETWORK_CHECKS.',
  }),
  failuresPerAddress: setting('WRONG_TOKENS_PER_ADDRESS_PER_MINUTE', integer(1, 1_000_000), {
    default: 60,
    about:
      'Wrong bearer tokens that the HTTP API takes from one address per minute, and as many at once at first; after them `rate_limited` (429), without a look at the token. What is right costs nothing, and API_KEYS, which nobody can guess, are always taken. AUTH_TOKEN may be short.',
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
  compressFromBytes: setting('COMPRESS_FROM_BYTES', integer(1_024, 67_108_864), {
    default: 8_192,
    about:
      'Frames of this size and more are compressed for clients that can inflate them. Smaller ones fit in a few packets, and compressing them would cost more than it saves.',
  }),
  joinsPerMinute: setting('JOINS_PER_MINUTE', integer(1, 100_000), {
    default: 30,
    about:
      'Joins and resumes on one socket per minute, and as many at once at first; more are refused with `rate_limited`, as in the following limits. A page joins once; each join makes two transports.',
  }),
  publicationsPerMinute: setting('PUBLICATIONS_PER_MINUTE', integer(1, 100_000), {
    default: 120,
    about:
      'Tracks that one participant may publish per minute, and as many at once at first. Each costs a consumer for everybody else in the room. A page publishes up to four, and again whenever its media moves.',
  }),
  mediaRebuildsPerMinute: setting('MEDIA_REBUILDS_PER_MINUTE', integer(1, 100_000), {
    default: 30,
    about:
      'ICE restarts and new media sessions that one participant may ask for per minute, and as many at once at first. A media session costs two transports and all consumers; a page on a bad network asks every few seconds.',
  }),
  snapshotsPerMinute: setting('SNAPSHOTS_PER_MINUTE', integer(1, 100_000), {
    default: 120,
    about:
      'Times that one participant may ask for the whole room, or for another rejoin token, per minute, and as many at once at first. Each reads all of the room from the store; a page asks after a gap only.',
  }),
  roomChangesPerMinute: setting('ROOM_CHANGES_PER_MINUTE', integer(1, 100_000), {
    default: 240,
    about:
      'Mutes, removals and ends of tracks by one participant per minute, and as many at once at first. Each is written to the store and told to everybody in the room. A key that is held down does not come near it.',
  }),
  preferencesPerMinute: setting('PREFERENCES_PER_MINUTE', integer(1, 100_000), {
    default: 600,
    about:
      'Times that one participant may say what it wants to receive per minute, and as many at once at first. Each costs the media worker a request for each track named; a page gathers what changes together.',
  }),
  listsPerMinute: setting('LISTS_PER_MINUTE', integer(1, 100_000), {
    default: 240,
    about:
      'Pages of the list of participants that one participant may ask for per minute, and as many at once at first; more are refused with `rate_limited`. Each is a search through the names of the room. A participant who types and scrolls asks a few times a second.',
  }),
  speakingPerMinute: setting('SPEAKING_PER_MINUTE', integer(1, 100_000), {
    default: 120,
    about:
      'Times that one participant of a large room may say that it begins to speak per minute, and as many at once at first. Each may cost everybody else in the room a consumer. A page says it after a pause of two seconds.',
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
  preparedPerAddress: setting('MAX_PREPARED_PER_ADDRESS', integer(0, 100_000), {
    default: 100,
    about:
      'Pages of one address that may have transports ready before they join, in each `web` replica; those beyond it open them when they join. Half of MAX_PREPARED, so that no address takes all.',
  }),
  prepared: setting('MAX_PREPARED', integer(0, 100_000), {
    default: 200,
    about:
      'Pages for which one `sfu-rtc` replica has transports ready before they join; 0 switches it off. They carry nothing but two ICE checks and a few bytes every few seconds, and cost the worker some 100 kB each. Beyond it pages open transports when they join.',
  }),
  preparedLeaseMs: setting('PREPARED_LEASE_MS', integer(300, 600_000), {
    default: 60_000,
    about:
      'How long a media node keeps transports that are ready for a join, unless the `web` replica whose socket has them renews them, which it does three times in this time.',
  }),
  preparedSeconds: setting('PREPARED_SECONDS', integer(1, 86_400), {
    default: 600,
    about:
      'How long a page may keep transports ready before it joins. Then its socket is closed, and with it they are. A page that is used again prepares again.',
  }),
  preparedAwakeMs: setting('PREPARED_AWAKE_MS', integer(0, 3_600_000), {
    default: 30_000,
    about:
      'How long the cameras that a participant would see first are sent for a page that is ready to join, even if nobody receives them: one that sleeps begins some 50 ms too late for the first picture. Most joins come within this time, and no page keeps encoders of others busy for longer. 0: cameras sleep until the join.',
  }),
  patchHistory: setting('PATCH_HISTORY', integer(0, 10_000), {
    default: 256,
    about:
      'Room changes kept, so that a client which was away gets what it missed instead of the whole room.',
  }),
} as const;

export const timing = {
  joinTimeoutMs: setting('JOIN_TIMEOUT_MS', integer(100, 300_000), {
    default: 10_000,
    about:
      'A socket that has not joined within this time is closed, unless its join is under way: an idle one costs as much as a used one.',
  }),
  heartbeatMs: setting('HEARTBEAT_INTERVAL_MS', integer(100, 300_000), {
    default: 10_000,
    about:
      'How often each socket has a heartbeat: what its client has said since the one before, or else a ping of ours. One that misses two is closed, which starts its grace period. Pages ping every five seconds by themselves, so that they need no ping of ours in a longer interval. Shorter than the idle timeout of common proxies (60 s).',
  }),
  gracePeriodMs: setting('GRACE_PERIOD_MS', integer(0, 600_000), {
    default: 30_000,
    about:
      'How long a participant whose socket is gone keeps the place in the call, media running. Long enough for a change of network or a restart of a proxy.',
  }),
  leaseMarginMs: setting('SESSION_LEASE_MARGIN_MS', integer(300, 600_000), {
    default: 15_000,
    about:
      'How much longer than GRACE_PERIOD_MS the store keeps a session that no `web` replica renews. A replica that was killed did not say so; its clients need time to notice, and to come back elsewhere.',
  }),
  commandTimeoutMs: setting('COMMAND_TIMEOUT_MS', integer(100, 60_000), {
    default: 5_000,
    about: 'How long signalling waits for an answer of the media side before it gives up.',
  }),
  shutdownMs: setting('SHUTDOWN_TIMEOUT_MS', integer(0, 3_600_000), {
    default: 5_000,
    about: 'After SIGTERM, how long a clean close may take before the process ends anyway.',
  }),
} as const;

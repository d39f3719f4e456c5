// Workers, their ports, and the addresses for browsers.
import { availableParallelism } from 'node:os';
import { host, ip, portOrAny } from '../parsers.ts';
import { choice, integer, list, optional, setting } from '../setting.ts';

export const media = {
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
  receiveBufferBytes: setting('MEDIA_RECEIVE_BUFFER_BYTES', integer(65_536, 67_108_864), {
    default: 4_194_304,
    about:
      'What the kernel keeps of a worker’s packets until the worker reads them, for each UDP port. All participants of a worker share one port: in the usual 212,992 bytes fit 90 packets of video, what twenty cameras send in 20 ms, and what comes while the worker is late by more is lost. Linux gives no more than `net.core.rmem_max` (often the same 212,992): raise that too.',
  }),
  announcedAddresses: setting('ANNOUNCED_ADDRESS', optional(list(host)), {
    default: undefined,
    defaultText: 'the `WATASU_RTC_*` hostname if there is one, else the addresses themselves',
    about:
      'Public addresses or hostnames of this machine (comma-separated: one for IPv4, one for IPv6), when they differ from its own. They are offered besides the listening addresses, so LAN and outside both work.',
  }),
  announcedLookupSeconds: setting('ANNOUNCED_LOOKUP_SECONDS', integer(1, 3_600), {
    default: 30,
    about:
      'Seconds between two lookups of the hostnames in `ANNOUNCED_ADDRESS`. Browsers are offered the addresses behind a name too (Firefox takes no name); whoever joins later than this after a change of DNS is offered the new ones.',
  }),
  videoCodecs: setting('VIDEO_CODECS', list(choice('vp8', 'vp9', 'h264', 'av1')), {
    default: ['vp8'],
    about:
      'Video codecs that clients send, the preferred first. Each takes the first one that its device encodes well: by hardware, or by enough processors without saving power; else VP8. VP9 and AV1 carry their layers in one stream, which needs less bandwidth. VP8 is the default, since every browser has it and it costs least without hardware. If a receiver cannot decode a codec, its sender changes to one that all can.',
  }),
  participantsPerWorker: setting('PEERS_PER_WORKER', integer(1, 10_000), {
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
} as const;

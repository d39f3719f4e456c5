// Recordings: whether, by whom, where they are kept, and what of the machine they may use.
import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { FILM_LAYOUTS } from '../../../shared/recording/recording.ts';
import { secret, word } from '../parsers.ts';
import { choice, flag, integer, list, optional, type Parser, setting, text } from '../setting.ts';

const folder: Parser<string> = {
  expected: 'the absolute path of a folder',
  parse: (value) => (isAbsolute(value) && !value.includes('\0') ? value : undefined),
};
/** A room's name, in which * stands for any characters. */
const roomPattern = text(/^\S{1,64}$/, 'a room name, in which * may stand for any characters');
const keyTemplate: Parser<string> = {
  expected:
    'a path such as {room}/{id}, with {id} in it, and besides letters, digits and . _ - only {room}, {date} and slashes',
  parse: (value) =>
    value.includes('{id}') &&
    value.length <= 200 &&
    value
      .split('/')
      .every((part) => /^(\{(room|id|date)\}|[A-Za-z0-9._-])+$/.test(part) && !/^\.+$/.test(part))
      ? value
      : undefined,
};

export const recording = {
  enabled: setting('RECORD_ENABLED', flag, {
    default: false,
    about: 'Whether calls can be recorded. It needs `RECORD_DIR` or `S3_BUCKET`.',
  }),
  dir: setting('RECORD_DIR', optional(folder), {
    default: undefined,
    defaultText: 'with S3: a folder for temporary files',
    about:
      'Folder for recordings. Without S3 they stay there, and every process has to see the same folder; with S3 it keeps what is not uploaded yet.',
  }),
  by: setting('RECORD_BY', choice('anybody', 'hosts', 'applications'), {
    default: 'anybody',
    about:
      'Who may start and stop recordings in a call, besides applications. `anybody`: where rooms are open everybody in the call; where tokens are needed, hosts. `hosts`: hosts alone, so nobody in an open room. `applications`: the HTTP API alone.',
  }),
  rooms: setting('RECORD_ROOMS', optional(list(roomPattern)), {
    default: undefined,
    defaultText: 'none',
    about:
      'Rooms that are recorded from their first participant on, by name, with `*` for any characters: `class-*,board`.',
  }),
  consent: setting('RECORD_CONSENT', flag, {
    default: false,
    about:
      'Ask every participant whether they may be recorded. Nothing is recorded of who has not agreed.',
  }),
  audible: setting('RECORD_AUDIBLE', flag, {
    default: false,
    about: 'Play a tone to everybody in the call when a recording begins, besides showing it.',
  }),
  chat: setting('RECORD_CHAT', flag, {
    default: false,
    about: 'Write the chat into the manifest. Films can show it as subtitles then.',
  }),
  films: setting('RECORD_FILMS', list(choice('none', ...FILM_LAYOUTS)), {
    default: ['grid'],
    about:
      'Films made of each recording when it is over, as MP4: `grid`, `speaker`, `screen` (with the speaker), `audio`; or `none`. Others can be ordered for each recording.',
  }),
  ffmpeg: setting('RECORD_FFMPEG', word, {
    default: 'ffmpeg',
    about:
      'The ffmpeg that renders films: a name or a path. Version 5 or later, with x264, libvpx, Opus and libass.',
  }),
  filmThreads: setting('RECORD_FILM_THREADS', integer(1, 256), {
    default: Math.max(1, Math.floor(availableParallelism() / 2)),
    defaultText: 'half of the CPUs',
    about: 'CPUs that one film may use. Films run at low priority besides.',
  }),
  filmHeight: setting('RECORD_FILM_HEIGHT', integer(144, 2_160), {
    default: 720,
    about: 'Lines of a film’s picture, which is 16:9. Twice as many take four times as long.',
  }),
  keyTemplate: setting('RECORD_KEY_TEMPLATE', keyTemplate, {
    default: 'recordings/{room}/{id}',
    about:
      'Where a recording’s files are in the folder or bucket. `{id}` is needed; `{room}` and `{date}` (UTC, `2026-11-28`) may be there.',
  }),
  uploadSeconds: setting('RECORD_UPLOAD_SECONDS', integer(1, 60), {
    default: 5,
    about:
      'Seconds after which what was recorded is on its way to S3, in small objects that are joined afterwards. It bounds what is lost with a machine and its disk; each open file costs a request in this time.',
  }),
  keyFrameSeconds: setting('RECORD_KEY_FRAME_SECONDS', integer(2, 3_600), {
    default: 20,
    about:
      'A recorded picture gets a key frame this often at least. Players and films can only begin at one; each costs the sender some ten frames’ bandwidth.',
  }),
  segmentMinutes: setting('RECORD_SEGMENT_MINUTES', integer(1, 1_440), {
    default: 60,
    about:
      'A track’s file ends after this, and the next one begins: the upload of a file of eight hours would take long to repeat.',
  }),
  maxTracks: setting('RECORD_MAX_TRACKS', integer(1, 10_000), {
    default: 200,
    about:
      'Tracks that one `sfu-rtc` replica records at once. Each takes up to a percent of a CPU; above it tracks wait, and the manifest names them.',
  }),
  frozenSeconds: setting('RECORD_FROZEN_SECONDS', integer(3, 600), {
    default: 10,
    about:
      'A recorder that says nothing for as long as this, and it says something every second, is killed and replaced: it is frozen, and nothing is recorded meanwhile. Fewer seconds lose less, and may kill one that is only slow on a starved machine.',
  }),
  freeDiskMb: setting('RECORD_FREE_DISK_MB', integer(0, 10_000_000), {
    default: 1_024,
    about:
      'Megabytes that stay free on the disk of `RECORD_DIR`. Below it recording stops with an alarm, and calls go on.',
  }),
  quotaMb: setting('RECORD_QUOTA_MB', integer(0, 1_000_000_000), {
    default: 0,
    defaultText: '0: none',
    about:
      'Megabytes that all recordings may take together. Above it no recording starts until some are deleted. 0: no limit.',
  }),
  retentionDays: setting('RECORD_RETENTION_DAYS', integer(0, 36_500), {
    default: 0,
    defaultText: '0: for ever',
    about: 'Days after which recordings are deleted. 0: never.',
  }),
  linkTtlSeconds: setting('RECORD_LINK_TTL_SECONDS', integer(60, 31_536_000), {
    default: 604_800,
    about: 'How long links last that share a film, unless another time is asked for: seven days.',
  }),
} as const;

/** The names of the platform's add-on stand for them where they are not set: see docs/configuration.md. */
export const s3 = {
  endpoint: setting('S3_ENDPOINT', optional(word), {
    default: undefined,
    defaultText: '`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, else Amazon’s of the region',
    about: 'Address of the S3-compatible store: a host with a port, or a URL.',
  }),
  region: setting('S3_REGION', optional(word), {
    default: undefined,
    defaultText: '`AWS_REGION`, else `us-east-1`',
    about: 'Region of the bucket.',
  }),
  bucket: setting('S3_BUCKET', optional(word), {
    default: undefined,
    defaultText: '`AWS_S3_BUCKET`',
    about: 'Bucket for recordings. With it they are kept in S3.',
  }),
  accessKey: setting('S3_ACCESS_KEY', optional(word), {
    default: undefined,
    defaultText: '`AWS_ACCESS_KEY_ID`',
    about: 'Access key.',
    secret: true,
  }),
  secretKey: setting('S3_SECRET_KEY', optional(secret), {
    default: undefined,
    defaultText: '`AWS_SECRET_ACCESS_KEY`',
    about: 'Secret key.',
    secret: true,
  }),
  useSsl: setting('S3_USE_SSL', optional(flag), {
    default: undefined,
    defaultText: 'as the endpoint’s URL says, else true',
    about: 'Whether the store is spoken to by HTTPS.',
  }),
  pathStyle: setting('S3_PATH_STYLE', optional(flag), {
    default: undefined,
    defaultText: '`S3_FORCE_PATH_STYLE`, else true, but for Amazon',
    about: 'Whether the bucket stands in the path of an address, not in its host.',
  }),
  credentialsFile: setting('S3_CREDENTIALS_FILE', optional(folder), {
    default: undefined,
    about:
      'A file with the access key on its first line and the secret key on its second, in place of the two above. It is read again when the store refuses a request, so that keys can be rotated under a running recording.',
  }),
  encryption: setting('S3_ENCRYPTION', choice('none', 'aes256', 'kms'), {
    default: 'none',
    about: 'Server-side encryption that is asked for with every object: `AES256`, or `aws:kms`.',
  }),
  encryptionKey: setting('S3_ENCRYPTION_KEY', optional(word), {
    default: undefined,
    about: 'Id of the key, with `S3_ENCRYPTION=kms`.',
  }),
  timeoutMs: setting('S3_TIMEOUT_MS', integer(1_000, 600_000), {
    default: 30_000,
    about:
      'A request to the store that makes no progress for as long as this is given up, and repeated.',
  }),
} as const;

/** Names under which the platform's add-on for object storage gives the same. */
export const s3Aliases = {
  endpointS3: setting('AWS_ENDPOINT_URL_S3', optional(word), {
    default: undefined,
    about: 'For `S3_ENDPOINT`.',
  }),
  endpoint: setting('AWS_ENDPOINT_URL', optional(word), {
    default: undefined,
    about: 'For `S3_ENDPOINT`.',
  }),
  region: setting('AWS_REGION', optional(word), { default: undefined, about: 'For `S3_REGION`.' }),
  bucket: setting('AWS_S3_BUCKET', optional(word), {
    default: undefined,
    about: 'For `S3_BUCKET`.',
  }),
  accessKey: setting('AWS_ACCESS_KEY_ID', optional(word), {
    default: undefined,
    about: 'For `S3_ACCESS_KEY`.',
    secret: true,
  }),
  secretKey: setting('AWS_SECRET_ACCESS_KEY', optional(secret), {
    default: undefined,
    about: 'For `S3_SECRET_KEY`.',
    secret: true,
  }),
  sessionToken: setting('AWS_SESSION_TOKEN', optional(secret), {
    default: undefined,
    about:
      'Belongs to temporary keys. In `S3_CREDENTIALS_FILE` it stands on the third line, if there is one.',
    secret: true,
  }),
  pathStyle: setting('S3_FORCE_PATH_STYLE', optional(flag), {
    default: undefined,
    about: 'For `S3_PATH_STYLE`.',
  }),
} as const;

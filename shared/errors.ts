// Every error of a client or an operator: its code, and a sentence for the participant.

/** For each code: what happened, why, what to do next. */
export const ERROR_MESSAGES = {
  bad_message:
    'The server could not read a message from this page. Reload the page to get its newest version.',
  unknown_method: 'The server does not know what this page asked for. Reload the page.',
  message_too_large: 'That message is too large to send. Shorten it and try again.',
  rate_limited: 'That was too many actions at once. Wait a moment and try again.',
  too_many_from_address:
    'Too much comes from your network at the moment. Others there may use this server too; try again in a minute.',
  unsupported_version: 'This page is from another release than the server. Reload the page.',
  origin_denied: 'This page is not allowed to use this server. Open the call from its own address.',
  not_joined: 'You are not in the call yet. Join it first.',
  already_joined: 'This connection is in a call already. Leave it before joining another.',
  invalid_room:
    'That room name cannot be used. Take 1 to 64 lower-case letters, numbers, "-" or "_".',
  invalid_name: 'That name cannot be used. Take 1 to 64 visible characters.',
  token_required: 'This room needs an invitation. Ask for a link and open it.',
  token_invalid: 'This invitation is not valid here. Ask for a new link.',
  token_expired: 'This invitation has expired. Ask for a new link.',
  invitation_ended:
    'This invitation has ended, because the host removed somebody who came with it. Ask the host for a new link.',
  token_wrong_room: 'This invitation is for another room. Open the link you were given.',
  unauthorized: 'That needs the AUTH_TOKEN of this server as a bearer token.',
  not_found: 'There is nothing at this address.',
  forbidden: 'Your role in this room does not allow that. Ask the host.',
  room_full: 'This room is full. Try again when somebody has left.',
  too_many_tracks: 'You share as many cameras, microphones and screens as the room allows.',
  already_recording: 'This call is being recorded already.',
  not_recording: 'This call is not being recorded any more.',
  recording_off: 'This server does not record calls. Its operator can set RECORD_ENABLED.',
  still_recording: 'This recording is not over yet. Stop it, and try again in a minute.',
  recordings_full:
    'The recordings on this server take as much space as they may (RECORD_QUOTA_MB). Delete some, and try again.',
  link_expired: 'This link has expired. Ask for a new one.',
  no_capacity: 'No media server is free at the moment. Try again in a few seconds.',
  id_taken: 'Somebody else uses that identifier. Try again.',
  unknown_track: 'That camera, microphone or screen is not in the call any more.',
  unknown_participant: 'That person is not in the call any more.',
  stale_epoch: 'The media connection was replaced in the meantime.',
  unsupported_media: 'The server cannot carry that kind of audio or video.',
  media_failed: 'The media server could not do that. Try again.',
  unavailable:
    'The server cannot reach its own store at the moment. Your call goes on; try again in a few seconds.',
  session_lost: 'The server does not know your place in the call any more. Join again.',
  session_replaced: 'This call was continued in another window.',
  removed: 'The host removed you from the call.',
  timeout: 'The server did not answer in time. Check the network and try again.',
  shutting_down: 'This server is being replaced. You are connected to another one.',
  unreachable: 'The server cannot be reached. Check the network and try again.',
  proxy_without_upgrade:
    'A proxy in front of this server does not pass WebSockets on, so nobody can join. Tell whoever runs the proxy: nginx needs “proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";” in the location of Parley.',
  upgrade_required:
    'This address is for WebSockets alone. A proxy in between has to pass the Upgrade header on.',
  unsupported_browser:
    'This browser cannot make calls. Use a current Chrome, Edge, Firefox or Safari.',
  internal:
    'Something went wrong on the server. Try again; the operator finds the cause in its log.',
} as const;

export type ErrorCode = keyof typeof ERROR_MESSAGES;

export const ERROR_CODES = Object.keys(ERROR_MESSAGES) as ErrorCode[];

/** Codes after which the same request may succeed unchanged a little later. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'rate_limited',
  'too_many_from_address',
  'no_capacity',
  'media_failed',
  'timeout',
  'unavailable',
  'shutting_down',
  'unreachable',
  'internal',
]);

export interface ParleyErrorOptions {
  /** Replaces the code's sentence by a more precise one. Never holds a secret or a stack. */
  message?: string;
  /** Milliseconds after which trying again makes sense. */
  retryAfterMs?: number;
  /** For the log only. It never crosses the network. */
  cause?: unknown;
}

/** An error with a code, raised on either end and carried over the wire as {@link ErrorBody}. */
export class ParleyError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: ParleyErrorOptions = {}) {
    super(options.message ?? ERROR_MESSAGES[code], { cause: options.cause });
    this.name = 'ParleyError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }

  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }

  /** Turns anything thrown into a ParleyError: any other error becomes `internal`, with itself as cause. */
  static from(error: unknown): ParleyError {
    if (error instanceof ParleyError) return error;
    return new ParleyError('internal', { cause: error });
  }
}

// Authorizes a request for recordings, and says which recordings the visitor may see.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ParleyError } from '../../../shared/errors.ts';
import { bearerOf, type Guesses } from '../authorize.ts';
import type { RoomTokens } from '../tokens.ts';
import { isRecordingAccess, type RecordingTokens } from './recording-tokens.ts';

/** `everything`: operators and applications. `room`: hosts, and where rooms are open who was in the call. */
export type Visitor =
  | { readonly sees: 'everything' }
  | {
      readonly sees: 'room';
      readonly room: string;
      /** UTC milliseconds: what ended before is not theirs. */
      readonly since?: number;
    };

export interface GateOptions {
  tokens: RecordingTokens;
  /** Undefined where rooms are open. */
  roomTokens: RoomTokens | undefined;
  /** The wrong bearer tokens of the address that a request comes from. */
  guessesOf(request: FastifyRequest): Guesses;
}

const UNAUTHORIZED =
  'That needs the AUTH_TOKEN of this server, an API key, or the invitation of a host, as a bearer token.';
const EXPIRED =
  'This access has ended. Open the recordings again from the call, or with a new link.';

export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** @throws ParleyError `unauthorized`, `token_expired`, `forbidden`, `rate_limited`, `unavailable` */
  async visitor(request: FastifyRequest, reply: FastifyReply): Promise<Visitor> {
    const presented = bearerOf(request);
    if (presented === undefined) throw unauthorized(reply);
    // API keys and signed tokens are random: they cannot be guessed, and are let in from every address.
    if (this.#options.roomTokens?.isApiKey(presented)) return { sees: 'everything' };
    const signed = await this.#signed(presented);
    if (signed) return signed;
    this.#assertAuthToken(presented, request, reply);
    return { sees: 'everything' };
  }

  /**
   * Whether the request may know of a room what those know who are about to join it.
   * @throws ParleyError `unauthorized`, `token_expired`, `token_wrong_room`, `rate_limited`, `unavailable`
   */
  async assertMayJoin(request: FastifyRequest, reply: FastifyReply, room: string): Promise<void> {
    const { roomTokens } = this.#options;
    if (!roomTokens) return;
    const presented = bearerOf(request);
    if (presented === undefined) throw unauthorized(reply);
    if (roomTokens.isApiKey(presented)) return;
    const grant = await unlessInvalid(roomTokens.grantOf(presented));
    if (!grant) this.#assertAuthToken(presented, request, reply);
    else if (grant.room !== room) throw new ParleyError('token_wrong_room');
  }

  /**
   * A wrong token of another kind, which counts against its address.
   * @throws ParleyError `rate_limited`
   */
  wrongToken(request: FastifyRequest): void {
    const guesses = this.#options.guessesOf(request);
    guesses.assertMayGuess();
    guesses.guessedWrong();
  }

  /** @returns undefined when it is not a token that this server, or an application, has signed */
  async #signed(presented: string): Promise<Visitor | undefined> {
    const { tokens, roomTokens } = this.#options;
    if (isRecordingAccess(presented)) {
      const access = await unlessInvalid(tokens.readAccess(presented));
      if (!access) return undefined;
      const { room, role, since } = access;
      // Where rooms need tokens, hosts alone have recordings.
      if (roomTokens && role !== 'host') throw new ParleyError('forbidden');
      return { sees: 'room', room, ...(since !== undefined && { since }) };
    }
    const grant = roomTokens && (await unlessInvalid(roomTokens.grantOf(presented)));
    if (!grant) return undefined;
    if (grant.role !== 'host') throw new ParleyError('forbidden');
    return { sees: 'room', room: grant.room };
  }

  /** @throws ParleyError `unauthorized`, `rate_limited` */
  #assertAuthToken(presented: string, request: FastifyRequest, reply: FastifyReply): void {
    const guesses = this.#options.guessesOf(request);
    // An AUTH_TOKEN may be short: after too many wrong ones it is not even compared.
    guesses.assertMayGuess();
    if (this.#options.roomTokens?.isAuthToken(presented)) return;
    guesses.guessedWrong();
    throw unauthorized(reply);
  }
}

function unauthorized(reply: FastifyReply): ParleyError {
  reply.header('www-authenticate', 'Bearer');
  return new ParleyError('unauthorized', { message: UNAUTHORIZED });
}

/** @returns undefined for a token that nobody has signed @throws ParleyError `token_expired`, `unavailable` */
async function unlessInvalid<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error;
    if (error.code === 'token_expired')
      throw new ParleyError('token_expired', { message: EXPIRED });
    if (error.code === 'token_invalid') return undefined;
    throw error;
  }
}

// Tokens about recordings: of participants who may record, for one file in a player, and for one file in a link.
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
import * as v from 'valibot';
import { ParleyError } from '../../../shared/errors.ts';
import { FileName } from '../../../shared/recording/recording.ts';
import { RecordingId, Role, RoomName, Timestamp } from '../../../shared/room/room.ts';
import { SigningKeys, type SigningKeysOptions } from '../signing-keys.ts';

const ISSUER = 'parley';
/** What a token is for. One is never good for another. */
const ACCESS = 'parley:recordings';
const TICKET = 'parley:recording-ticket';
const LINK = 'parley:recording-link';
const ALGORITHM = 'HS256';
/** A day: somebody comes back from lunch, and still finds what was recorded in the morning. */
export const ACCESS_SECONDS = 86_400;
/** Half a day: a film that was opened is seen to its end. */
export const TICKET_SECONDS = 43_200;
/** Our tokens are shorter: with the longest names there are, 900 characters. */
const MAX_LENGTH = 2_048;

const Access = v.object({
  room: RoomName,
  role: Role,
  /** UTC milliseconds: what ended before is not for its bearer. */
  since: v.exactOptional(Timestamp),
  exp: v.number(),
});
const ObjectClaims = v.object({ room: RoomName, id: RecordingId, name: FileName, exp: v.number() });

export interface RecordingAccess {
  room: string;
  role: Role;
  /** UTC milliseconds, where rooms are open: guessing a room's name opens nothing of before. */
  since?: number;
}

/** One file or film of a recording. */
export interface RecordedObject {
  room: string;
  id: string;
  name: string;
}

export interface Minted {
  token: string;
  /** UTC seconds. */
  expiresAt: number;
}

/** They are signed on open servers too, where there are no room tokens. */
export class RecordingTokens {
  readonly #keys: SigningKeys;

  constructor(options: Omit<SigningKeysOptions, 'purpose'>) {
    this.#keys = new SigningKeys({ ...options, purpose: 'parley recordings v1' });
  }

  /** For a participant who may record. @throws ParleyError `unavailable` */
  mintRecordingAccess({ room, role, since }: RecordingAccess): Promise<Minted> {
    return this.#sign(
      ACCESS,
      { room, role, ...(since !== undefined && { since }) },
      ACCESS_SECONDS,
    );
  }

  /** @throws ParleyError `token_invalid`, `token_expired`, `unavailable` */
  async readAccess(token: string): Promise<RecordingAccess> {
    const { exp: _, ...access } = await this.#read(token, ACCESS, Access);
    return access;
  }

  /** For a player, which can send no headers. @throws ParleyError `unavailable` */
  mintTicket(object: RecordedObject): Promise<Minted> {
    return this.#sign(TICKET, { ...object }, TICKET_SECONDS);
  }

  /** @throws ParleyError `token_invalid`, `token_expired`, `unavailable` */
  readTicket(token: string): Promise<RecordedObject> {
    return this.#read(token, TICKET, ObjectClaims);
  }

  /** For somebody without an account. @throws ParleyError `unavailable` */
  mintLink(object: RecordedObject, ttlSeconds: number): Promise<Minted> {
    return this.#sign(LINK, { ...object }, ttlSeconds);
  }

  /** @throws ParleyError `token_invalid`, `token_expired`, `unavailable` */
  readLink(token: string): Promise<RecordedObject> {
    return this.#read(token, LINK, ObjectClaims);
  }

  async #sign(
    audience: string,
    claims: Record<string, string | number>,
    ttlSeconds: number,
  ): Promise<Minted> {
    const { id, key } = await this.#keys.current();
    const expiresAt = Math.ceil(Date.now() / 1_000) + ttlSeconds;
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, kid: id })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setExpirationTime(expiresAt)
      .sign(key);
    return { token, expiresAt };
  }

  async #read<S extends v.GenericSchema>(
    token: string,
    audience: string,
    schema: S,
  ): Promise<v.InferOutput<S>> {
    const key = await this.#keys.ofParley(keyIdOf(token));
    if (!key) throw new ParleyError('token_invalid');
    const required = { algorithms: [ALGORITHM], audience, issuer: ISSUER };
    const { payload } = await jwtVerify(token, key.key, required).catch((cause) => {
      const expired = cause instanceof errors.JWTExpired;
      throw new ParleyError(expired ? 'token_expired' : 'token_invalid', { cause });
    });
    const claims = v.safeParse(schema, payload);
    if (!claims.success) throw new ParleyError('token_invalid');
    return claims.output;
  }
}

/** What a token says that it is for, unverified: which reader it is to be given to. */
export function isRecordingAccess(token: string): boolean {
  return audienceOf(token) === ACCESS;
}

function audienceOf(token: string): unknown {
  try {
    const [, payload = ''] = token.split('.');
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return v.parse(v.object({ aud: v.unknown() }), claims).aud;
  } catch {
    return undefined;
  }
}

/** @throws ParleyError `token_invalid` */
function keyIdOf(token: string): string {
  try {
    const { kid } = token.length <= MAX_LENGTH ? decodeProtectedHeader(token) : {};
    if (typeof kid === 'string') return kid;
  } catch {
    // Thrown below: a token that cannot be read names no key.
  }
  throw new ParleyError('token_invalid');
}

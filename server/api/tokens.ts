// Room tokens: minted by Parley, or by a server that has an API key; needed to join a room.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import * as v from 'valibot';
import { ParleyError } from '../../shared/errors.ts';
import { DisplayName, Role, RoomName } from '../../shared/room/room.ts';
import {
  type ApiKey,
  type SigningKey,
  SigningKeys,
  type SigningKeysOptions,
} from './signing-keys.ts';

/** The issuer in tokens of Parley. Those of applications name none, or the id of their key. */
const ISSUER = 'parley';
/** The audience of an invitation, and of a token for coming back into a call. */
const ROOM = 'parley:room';
const REJOIN = 'parley:rejoin';
/** Ways in that a rejoin token remembers: an invitation, and some sessions in a row. */
const PRIOR_KEPT = 8;
/** Named, so that a header with another one (`none`, an RSA confusion) is refused unread. */
const ALGORITHM = 'HS256';

const Claims = v.object({
  room: RoomName,
  role: v.optional(Role, 'guest'),
  name: v.exactOptional(DisplayName),
  exp: v.number(),
  /** In an invitation: the id of its user in the application. In a rejoin token: the participant. */
  sub: v.exactOptional(v.string()),
  jti: v.exactOptional(v.string()),
  /** In a rejoin token: how the participant got in. */
  prior: v.exactOptional(v.array(v.string())),
});
type Claims = v.InferOutput<typeof Claims>;

export interface RoomGrant {
  room: string;
  role: Role;
  /** Given by the token, it cannot be changed by its bearer. */
  name?: string;
}

/** One way into a room. */
export interface Entry {
  grant: RoomGrant;
  /** Identifies the token: refused once a host has removed its participant. */
  shown: string | undefined;
  /** The tokens that a host ends by removing this participant. */
  ends: readonly string[];
}

/** The tokens of a join. */
export interface Presented {
  token?: string | undefined;
  /** From a session in this room; good where the invitation no longer is. */
  rejoinToken?: string | undefined;
}

export interface RoomTokensOptions extends SigningKeysOptions {
  /** How long a participant and the server may both be away. */
  rejoinTtlSeconds: number;
}

export class RoomTokens {
  readonly #options: RoomTokensOptions;
  readonly #keys: SigningKeys;

  constructor(options: RoomTokensOptions) {
    this.#options = options;
    this.#keys = new SigningKeys(options);
  }

  /** Whether the server has operators. */
  get hasOperator(): boolean {
    return this.#options.authToken !== undefined;
  }

  /** Constant-time comparison with AUTH_TOKEN. */
  isAuthToken(presented: string): boolean {
    const { authToken } = this.#options;
    return authToken !== undefined && isSame(presented, authToken);
  }

  /** Same for each API key, as `id:secret`. */
  isApiKey(presented: string): boolean {
    const matches = this.#options.apiKeys.map((key) => isSame(presented, textOf(key)));
    return matches.includes(true);
  }

  /** @returns the token and when it ends, UTC seconds */
  mint(grant: RoomGrant, ttlSeconds: number): Promise<{ token: string; expiresAt: number }> {
    return this.#sign(ROOM, grant, ttlSeconds);
  }

  /**
   * A token for coming back into a call after a restart of the server, though the invitation has ended.
   * @returns with its lifetime in milliseconds
   */
  async mintRejoin(
    grant: RoomGrant,
    { participantId, ends }: { participantId: string; ends: readonly string[] },
  ): Promise<{ token: string; forMs: number }> {
    const { rejoinTtlSeconds } = this.#options;
    const claims = { sub: participantId, prior: ends.slice(0, PRIOR_KEPT) };
    const { token } = await this.#sign(REJOIN, grant, rejoinTtlSeconds, claims);
    return { token, forMs: rejoinTtlSeconds * 1_000 };
  }

  /**
   * What an invitation says of itself, whichever room it is for.
   * @throws ParleyError `token_invalid`, `token_expired`, `unavailable`
   */
  async grantOf(token: string): Promise<RoomGrant> {
    return (await this.#read(token, ROOM)).grant;
  }

  /** @returns the grant of the best way in. @throws ParleyError as `entries` does */
  async verify(presented: Presented, room: string): Promise<RoomGrant> {
    const [{ grant }] = await this.entries(presented, room);
    return grant;
  }

  /**
   * @returns the ways in, the invitation first
   * @throws ParleyError `token_required`, `token_invalid`, `token_expired`, `token_wrong_room`: the
   *   invitation's fault, if the rejoin token is not valid either; `unavailable`
   */
  async entries(
    { token, rejoinToken }: Presented,
    room: string,
  ): Promise<readonly [Entry, ...Entry[]]> {
    const [invitation, rejoin] = await Promise.allSettled([
      token === undefined
        ? Promise.reject(new ParleyError('token_required'))
        : this.#read(token, ROOM, room),
      rejoinToken === undefined ? undefined : this.#read(rejoinToken, REJOIN, room),
    ]);
    const back = rejoin.status === 'fulfilled' ? rejoin.value : undefined;
    if (invitation.status === 'rejected') {
      if (!back) throw invitation.reason;
      return [back];
    }
    if (!back) return [invitation.value];
    const ends = [...new Set([...invitation.value.ends, ...back.ends])];
    return [
      { ...invitation.value, ends },
      { ...back, ends },
    ];
  }

  async #sign(
    audience: string,
    { room, role, name }: RoomGrant,
    ttlSeconds: number,
    claims: Pick<Claims, 'sub' | 'prior'> = {},
  ) {
    const { id, key } = await this.#keys.current();
    // A token has whole seconds: rounded up, so that it lives as long as was asked for.
    const expiresAt = Math.ceil(Date.now() / 1000) + ttlSeconds;
    const token = await new SignJWT({ room, role, ...(name !== undefined && { name }), ...claims })
      .setProtectedHeader({ alg: ALGORITHM, kid: id })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setJti(randomBytes(9).toString('base64url'))
      .setIssuedAt()
      .setExpirationTime(expiresAt)
      .sign(key);
    return { token, expiresAt };
  }

  /** @param asked the room that it has to be for; any, without it */
  async #read(token: string, audience: string, asked?: string): Promise<Entry> {
    const payload = await this.#payload(token, audience);
    const claims = v.safeParse(Claims, payload);
    if (!claims.success) throw new ParleyError('token_invalid');
    const { room, role, name, sub, prior = [] } = claims.output;
    if (asked !== undefined && room !== asked) throw new ParleyError('token_wrong_room');
    const grant = { room, role, ...(name !== undefined && { name }) };
    // Rejoin tokens of an older release name no participant.
    const shown =
      audience === REJOIN && sub !== undefined ? sub : invitationId(token, claims.output);
    return { grant, shown, ends: [shown, ...prior] };
  }

  async #payload(token: string, audience: string): Promise<JWTPayload> {
    const { key, issuer } = await this.#keyOf(token, audience);
    const required = { algorithms: [ALGORITHM], audience, ...(issuer !== undefined && { issuer }) };
    const { payload } = await jwtVerify(token, key.key, required).catch((cause) => {
      const expired = cause instanceof errors.JWTExpired;
      throw new ParleyError(expired ? 'token_expired' : 'token_invalid', { cause });
    });
    if (issuer === undefined && payload.iss !== undefined && payload.iss !== key.id) {
      throw new ParleyError('token_invalid');
    }
    return payload;
  }

  /** @returns with the issuer that it must name, if it must name one */
  async #keyOf(
    token: string,
    audience: string,
  ): Promise<{ key: SigningKey; issuer: string | undefined }> {
    const id = keyIdOf(token);
    // Only Parley signs rejoin tokens.
    const application = audience === ROOM ? this.#keys.ofApplication(id) : undefined;
    if (application) return { key: application, issuer: undefined };
    const own = await this.#keys.ofParley(id);
    if (!own) throw new ParleyError('token_invalid');
    return { key: own, issuer: ISSUER };
  }
}

/**
 * Identifies an invitation: by its user if it names one, else by itself; with the id of its key, as two
 * applications may have the same user ids.
 */
function invitationId(token: string, { sub, jti }: Claims): string {
  const what =
    sub !== undefined ? ['sub', sub] : jti !== undefined ? ['jti', jti] : ['token', token];
  const text = JSON.stringify([keyIdOf(token), ...what]);
  return sha256(text).toString('base64url').slice(0, 24);
}

/** @throws ParleyError `token_invalid` */
function keyIdOf(token: string): string {
  try {
    const { kid } = decodeProtectedHeader(token);
    if (typeof kid === 'string') return kid;
  } catch {
    // Thrown below: a token that cannot be read names no key.
  }
  throw new ParleyError('token_invalid');
}

function textOf({ id, secret }: ApiKey): string {
  return `${id}:${secret}`;
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(sha256(one), sha256(other));
}

function sha256(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

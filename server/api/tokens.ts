// Room tokens: minted by whoever holds AUTH_TOKEN, presented at the door of a room.
import { createHash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import * as v from 'valibot';
import { ParleyError } from '../../shared/errors.ts';
import { DisplayName, Role, RoomName } from '../../shared/room/room.ts';

const ISSUER = 'parley';
const AUDIENCE = 'parley:room';
/** Named, so that a header with another one (`none`, an RSA confusion) is refused unread. */
const ALGORITHM = 'HS256';

const Claims = v.object({
  room: RoomName,
  role: Role,
  name: v.exactOptional(DisplayName),
  exp: v.number(),
});

export interface RoomGrant {
  room: string;
  role: Role;
  /** Given by the token, it cannot be changed by its bearer. */
  name?: string;
}

export interface RoomTokens {
  /** Constant-time comparison with AUTH_TOKEN. */
  isAuthToken(presented: string): boolean;
  /** @returns the token and when it ends, UTC seconds */
  mint(grant: RoomGrant, ttlSeconds: number): Promise<{ token: string; expiresAt: number }>;
  /**
   * @throws ParleyError `token_required`, `token_invalid`, `token_expired`, `token_wrong_room`
   */
  verify(token: string | undefined, room: string): Promise<RoomGrant>;
}

export function createRoomTokens(authToken: string): RoomTokens {
  // A key of its own: what signs tokens is not what travels in an Authorization header.
  const key = new Uint8Array(hkdfSync('sha256', authToken, '', 'parley room tokens v1', 32));
  return {
    isAuthToken: (presented) => timingSafeEqual(sha256(presented), sha256(authToken)),

    async mint({ room, role, name }, ttlSeconds) {
      // Seconds are all a token knows: upwards, so that it lives as long as was asked for.
      const expiresAt = Math.ceil(Date.now() / 1000) + ttlSeconds;
      const token = await new SignJWT({ room, role, ...(name !== undefined && { name }) })
        .setProtectedHeader({ alg: ALGORITHM })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setJti(randomBytes(9).toString('base64url'))
        .setIssuedAt()
        .setExpirationTime(expiresAt)
        .sign(key);
      return { token, expiresAt };
    },

    async verify(token, room) {
      if (token === undefined) throw new ParleyError('token_required');
      const { payload } = await jwtVerify(token, key, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
      }).catch((cause) => {
        const expired = cause instanceof errors.JWTExpired;
        throw new ParleyError(expired ? 'token_expired' : 'token_invalid', { cause });
      });
      const claims = v.safeParse(Claims, payload);
      if (!claims.success) throw new ParleyError('token_invalid');
      if (claims.output.room !== room) throw new ParleyError('token_wrong_room');
      const { role, name } = claims.output;
      return { room, role, ...(name !== undefined && { name }) };
    },
  };
}

function sha256(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

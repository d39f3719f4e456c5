// An application's server: signs room tokens with its API key, and has no AUTH_TOKEN.
import { SignJWT } from 'jose';
import type { RoomGrant } from '../../../server/api/tokens.ts';

const SECRET = 'b3f1c0a97d5e4286a1f09c7be4d3825160fe9ad7c2b84e130f6a5d9c7e21b840';

export const APPLICATION = { id: 'tests', secret: SECRET } as const;

/** The environment of a server that knows this application. */
export const WITH_APPLICATION = { API_KEYS: `${APPLICATION.id}:${SECRET}` } as const;

/** As in docs/deployment.md. @param seconds from now; in the past, below 0 */
export function applicationToken(
  grant: RoomGrant,
  seconds = 60,
  { id, secret }: { id: string; secret: string } = APPLICATION,
): Promise<string> {
  return new SignJWT({ ...grant })
    .setProtectedHeader({ alg: 'HS256', kid: id })
    .setAudience('parley:room')
    .setExpirationTime(Math.floor(Date.now() / 1_000) + seconds)
    .sign(new TextEncoder().encode(secret));
}

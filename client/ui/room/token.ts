// The claims of a room token, read without checking its signature: only to show the right page.
import { ROLES, type Role } from '../../../shared/room/grants.ts';

export interface TokenClaims {
  role?: Role;
  name?: string;
}

/** The claims of a JWT, or nothing where it cannot be read. The server alone decides. */
export function readToken(token: string | undefined): TokenClaims {
  const payload = token?.split('.')[1];
  if (!payload) return {};
  try {
    const base64 = payload.replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof parsed === 'object' && parsed !== null ? pick(parsed) : {};
  } catch {
    return {};
  }
}

function pick(claims: { role?: unknown; name?: unknown }): TokenClaims {
  const { name } = claims;
  const role = ROLES.find((one) => one === claims.role);
  return {
    ...(role && { role }),
    ...(typeof name === 'string' ? { name } : {}),
  };
}

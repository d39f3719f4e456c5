// What each role may do in a room: one table, for the store, for `web` and for the page.

/** What a participant is in a room: a token says which. */
export const ROLES = ['host', 'guest', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

interface GrantEntry {
  /** What it lets a participant do: goes on after "may". */
  readonly sentence: string;
  /** A role that is not listed does not have it. */
  readonly roles: readonly Role[];
}

export const GRANTS = {
  publish: {
    sentence: 'share a microphone, a camera, a screen',
    roles: ['host', 'guest'],
  },
  chat: {
    sentence: 'write to everybody in the room',
    roles: ['host', 'guest', 'viewer'],
  },
  moderate: {
    sentence: 'mute the tracks of others, and remove others from the room',
    roles: ['host'],
  },
} as const satisfies Record<string, GrantEntry>;

export type Grant = keyof typeof GRANTS;

const TABLE: Readonly<Record<Grant, GrantEntry>> = GRANTS;

export function rolesWith(grant: Grant): readonly Role[] {
  return TABLE[grant].roles;
}

/** Whether a role has a grant. The page hides buttons by it; the store decides by it. */
export function isGranted(role: Role, grant: Grant): boolean {
  return rolesWith(grant).includes(role);
}

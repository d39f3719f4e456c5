// What each role may do in a room: one table, for the store, for `web` and for the page.

/** What a participant is in a room: a token says which. */
export const ROLES = ['host', 'guest', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** The roles that have each grant. */
export const GRANTS = {
  /** Share a microphone, a camera, a screen. */
  publish: ['host', 'guest'],
  /** Write to all in the room. */
  chat: ['host', 'guest', 'viewer'],
  /** Start, pause and stop recordings of the room, and use them afterwards. */
  record: ['host'],
  /** Mute the tracks of others, and remove others from the room. */
  moderate: ['host'],
} as const satisfies Record<string, readonly Role[]>;

export type Grant = keyof typeof GRANTS;

export function rolesWith(grant: Grant): readonly Role[] {
  return GRANTS[grant];
}

/** Whether a role has a grant. The page hides buttons by it; the store decides by it. */
export function isGranted(role: Role, grant: Grant): boolean {
  return rolesWith(grant).includes(role);
}

// The limits of texts that users enter. Apart from limits.ts, since a page needs them before anything else.

export const TEXT_LIMITS = {
  /** Room names appear in addresses, logs and store keys, so they are short. UTF-16 code units. */
  roomNameLength: 64,
  /** A display name has to fit under a tile; longer ones are used to push others off the page. */
  displayNameLength: 64,
  /** One chat message, in UTF-16 code units: a long paragraph, not a file. */
  chatTextLength: 2000,
} as const;

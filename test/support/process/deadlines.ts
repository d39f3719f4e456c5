// How long the tests wait for a condition before they call it a failure. Waiting ends as soon as it holds.

/**
 * Milliseconds. Several times the need of an idle machine, because the machines that run the tests are small
 * and shared. They are no measure of Parley's speed (bench/ measures it).
 */
export const DEADLINES = {
  /** A condition with no better name of its own. */
  condition: 15_000,
  /** From the start of a server's process to its ready line. */
  serverReady: 30_000,
  /** From SIGTERM to the end of a server's process; its own limit is shorter. */
  serverStop: 15_000,
  /** From a page's address to its first usable control. */
  page: 20_000,
  /** Firefox makes a new profile first, and is slow on a busy machine. */
  firefoxStart: 60_000,
  /** From the click on "Join" to the picture and sound of everybody in the room. */
  media: 30_000,
  /** From the loss of a media worker to pictures again. */
  mediaRebuilt: 30_000,
  /** From a lost WebSocket to a resumed session, the client's backoff included. */
  resume: 30_000,
  /** From a participant's change to its arrival at the others. */
  seenByOthers: 10_000,
  /** How long an ended process or browser may take to be gone. */
  ending: 10_000,
} as const;

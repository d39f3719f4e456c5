// A run, as the command line says it and as it was checked.

export interface LoadPlan {
  /** The server's http(s) address. */
  url: string;
  /** The room, or with several the first part of their names. */
  room: string;
  token: string | undefined;
  /** In all rooms together. */
  publishers: number;
  viewers: number;
  rooms: number;
  /** Pictures that each participant looks at. */
  layout: number;
  /** Publishers of each room that speak at a time. */
  speakers: number;
  /** Publishers who send a camera too, in all rooms together: those who arrive first. */
  cameras: number;
  /** What publishers and viewers are called, with a number; undefined: that. */
  called: string | undefined;
  /** Participants whose received packets are counted, spread over all. The others receive and decrypt theirs only. */
  counted: number;
  /** Over how long participants arrive. */
  rampMs: number;
  /** How long the load stays after that. */
  durationMs: number;
  json: boolean;
  /** The caller says that a server elsewhere is theirs. */
  isOwn: boolean;
  thresholds: Thresholds;
}

/** Limits within which a run passes. */
export interface Thresholds {
  refused: number;
  joinP95Ms: number;
  firstPacketP95Ms: number;
  lossPercent: number;
  /** Received streams that had a gap. */
  gapPercent: number;
  delayP95Ms: number;
}

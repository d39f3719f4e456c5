// What a network check shows: one verdict, and a line for each thing that was tried.

export type Tone = 'waiting' | 'running' | 'good' | 'warning' | 'bad';

/** One thing that was tried. */
export interface Line {
  readonly id: string;
  readonly title: string;
  readonly tone: Tone;
  readonly text: string;
  /** What the participant can do about it, or what else there is to know. */
  readonly advice?: string;
}

export interface Verdict {
  readonly tone: Tone;
  readonly title: string;
  readonly text: string;
}

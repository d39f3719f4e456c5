// The form of a network check's result: one verdict, and a line for each test.

export type Tone = 'waiting' | 'running' | 'good' | 'warning' | 'bad';

/** One test. */
export interface Line {
  readonly id: string;
  readonly title: string;
  readonly tone: Tone;
  readonly text: string;
  /** What the participant can do about it, or further details. */
  readonly advice?: string;
}

export interface Verdict {
  readonly tone: Tone;
  readonly title: string;
  readonly text: string;
}

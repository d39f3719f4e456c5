// What the page and its worker for encoded frames say to each other, on one port for each track.

/** `chosen`: whether the server chooses voices. `letGo`: a word that is held back is to be sent. */
export type ToWorker =
  | { readonly type: 'chosen'; readonly isChosen: boolean }
  | { readonly type: 'letGo' };

/** The participant begins to speak. */
export interface FromWorker {
  readonly type: 'speaking';
}

// Ids that a client chooses: random, so that they neither collide nor can be guessed.

const BYTES = 12;

export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

/** The stream of a picture that is negotiated before its sender is known. */
export const STREAM_AHEAD = 'ahead';

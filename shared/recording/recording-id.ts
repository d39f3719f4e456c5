// Makes the ids of recordings.

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 10;

/**
 * @param nowMs UTC milliseconds: the beginning of the id
 * @returns an id that no one can guess, and that sorts after those of recordings begun a second earlier
 */
export function newRecordingId(nowMs: number): string {
  return `${compactTime(nowMs)}-${randomText()}`;
}

/** UTC in whole seconds, `20261128T184512Z`: such texts sort by time. */
export function compactTime(utcMs: number): string {
  return new Date(utcMs).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** Every character is equally likely. Bytes that would favour the first characters are not used. */
function randomText(): string {
  const fair = 256 - (256 % ALPHABET.length);
  let text = '';
  while (text.length < RANDOM_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(RANDOM_LENGTH))) {
      if (byte < fair && text.length < RANDOM_LENGTH) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}

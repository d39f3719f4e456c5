// Makes the ids of recordings.

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 10;

/**
 * @param nowMs UTC milliseconds: the beginning of the id
 * @returns an id that no one can guess, and that sorts after those of recordings begun a second earlier
 */
export function newRecordingId(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${time}-${randomText()}`;
}

/** Each character is as likely as any other: bytes that would favour the first ones are thrown again. */
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

// EBML elements (RFC 8794): an id, a size, and a value.

/** The size of an element whose end is that of the file. */
const UNKNOWN_SIZE = Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
const FOUR_BYTES = 0x1000_0000;

/** @param id with its length marker, as the tables of Matroska print it */
function idBytes(id: number): Buffer {
  const bytes = id > 0xff_ffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1;
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(id, 0, bytes);
  return buffer;
}

/** A size of four bytes. @param size below 2^28 - 1 */
export function writeSize(buffer: Buffer, size: number, at: number): void {
  buffer.writeUInt32BE(FOUR_BYTES + size, at);
}

export function element(id: number, ...content: readonly Buffer[]): Buffer {
  const size = Buffer.alloc(4);
  writeSize(
    size,
    content.reduce((sum, part) => sum + part.length, 0),
    0,
  );
  return Buffer.concat([idBytes(id), size, ...content]);
}

/** The beginning of an element that holds all that follows in the file. */
export function endlessElement(id: number): Buffer {
  return Buffer.concat([idBytes(id), UNKNOWN_SIZE]);
}

/** @param value a whole number from 0 to 2^48 - 1 */
export function unsigned(id: number, value: number): Buffer {
  const buffer = Buffer.alloc(6);
  buffer.writeUIntBE(value, 0, 6);
  const first = buffer.findIndex((byte) => byte !== 0);
  return element(id, buffer.subarray(first < 0 ? 5 : first));
}

export function float(id: number, value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return element(id, buffer);
}

export function text(id: number, value: string): Buffer {
  return element(id, Buffer.from(value));
}

const MILLENNIUM_MS = 978_307_200_000;

/** @param utcMs UTC milliseconds, with fractions */
export function date(id: number, utcMs: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt(Math.round((utcMs - MILLENNIUM_MS) * 1_000)) * 1_000n);
  return element(id, buffer);
}

/** How many bytes a number has whose first byte this is (RFC 8794 §4). @returns undefined for what begins no number */
export function vintLength(first: number | undefined): number | undefined {
  return first === undefined || first === 0 ? undefined : Math.clz32(first) - 23;
}

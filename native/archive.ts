// Takes one file out of a .tgz and checks everything the format lets one check.

import { gunzipSync } from 'node:zlib';

const BLOCK_BYTES = 512;

/**
 * The content of the regular file named `name`. Throws when the gzip stream is truncated or its
 * CRC is wrong, when a tar header's checksum is wrong, when the file is not there, or when the
 * unpacked archive would exceed `maxBytes`.
 */
export function extractFile(archive: Uint8Array, name: string, maxBytes: number): Buffer {
  const tar = gunzipSync(archive, { maxOutputLength: maxBytes });
  for (let offset = 0; offset + BLOCK_BYTES <= tar.length; ) {
    const header = tar.subarray(offset, offset + BLOCK_BYTES);
    // Two blocks of zeros end an archive (POSIX pax, section "ustar Interchange Format").
    if (header.every((byte) => byte === 0)) break;
    if (checksum(header) !== octal(header, 148, 8)) throw new Error('a tar header is damaged');
    const size = octal(header, 124, 12);
    const start = offset + BLOCK_BYTES;
    if (start + size > tar.length) throw new Error('the tar archive is cut short');
    const type = header[156];
    const isRegularFile = type === 0 || type === '0'.charCodeAt(0);
    if (isRegularFile && text(header, 0, 100).replace(/^\.\//, '') === name) {
      return tar.subarray(start, start + size);
    }
    offset = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  throw new Error(`the archive holds no file "${name}"`);
}

/** The sum of the header's bytes, those of the checksum field counted as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0);
}

function octal(header: Uint8Array, start: number, length: number): number {
  const digits = text(header, start, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw new Error('a tar header is damaged');
  return Number.parseInt(digits, 8);
}

function text(header: Uint8Array, start: number, length: number): string {
  const field = Buffer.from(header.subarray(start, start + length)).toString('latin1');
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
}

// One plain picture as an encoder of VP8 wrote it, in the sizes that the page sends: browsers that watch a generated
// camera decode it. libvpx encodes 30 equal frames; the first one and the last one are these.
import { inflateRawSync } from 'node:zlib';

export interface RecordedPicture {
  /** A frame that needs no other. */
  key: Uint8Array;
  /** A frame that leaves the picture before it as it is. */
  still: Uint8Array;
}

/** By size. The key frames are packed (RFC 1951). */
const PICTURES: ReadonlyMap<string, RecordedPicture> = new Map([
  [
    '320x180',
    {
      key: unpack('E+BnmMuo5cC4hYHzOEdra8fMlg6TJqaST1ZWVxLfzHlIczRb4d+FwgjxBgA='),
      still: Buffer.from('sQIAJxAJIADAAMLBf6AARAAhmv1rknysAA==', 'base64'),
    },
  ],
  [
    '640x360',
    {
      key: unpack('m2DMMJdRq4Epg5GrnaO1tWNmS4cFE1PJJyurK4lv5jwcRYMA7WD4d9pxi9kBAA=='),
      still: Buffer.from('sQQAKhAkABgAGFgv9AAIgAQAAIbQWY6L3KTX5yrGRWZCT7MUYaCyoAA=', 'base64'),
    },
  ],
  [
    '1280x720',
    {
      key: unpack('EzjMMJdRi4H1AhNXO0dra8fMlg4LJqaST1ZWVxLfzHk4ikbRKBpFo2iEotkK/047bjE7AAA='),
      still: Buffer.from('kQMAKhC4ABgAGG/0DAAD8Qbu7u7u7u7u7u7u7u7uhv7paQVerzKbSIIA', 'base64'),
    },
  ],
]);

/** @throws Error for a size that was not recorded */
export function recordedPicture(width: number, height: number): RecordedPicture {
  const picture = PICTURES.get(`${width}x${height}`);
  if (!picture) throw new Error(`no picture of ${width}x${height} was recorded`);
  return picture;
}

function unpack(base64: string): Uint8Array {
  return inflateRawSync(Buffer.from(base64, 'base64'));
}

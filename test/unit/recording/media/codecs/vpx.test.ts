// VP8 and VP9 out of their RTP payloads: descriptors of every shape, key frames, sizes, layers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Vp8 } from '../../../../../server/recording/media/codecs/vp8.ts';
import { Vp9 } from '../../../../../server/recording/media/codecs/vp9.ts';
import { gathered } from './payloads.ts';

/** Frame tag, start code, 640x360. */
const VP8_KEY = '100000 9d012a 8002 6801'.replaceAll(' ', '');
const VP8: [string, string[], unknown][] = [
  ['a key frame', [`10 ${VP8_KEY} aa`], { key: true, frame: `${VP8_KEY}aa`, size: '640x360' }],
  [
    'a key frame whose header is cut in two',
    ['10 100000 9d01', '00 2a 8002 6801 aa'],
    { key: true, frame: `${VP8_KEY}aa`, size: '640x360' },
  ],
  [
    'a size with scaling',
    ['10 100000 9d012a 8042 6881'],
    { key: true, frame: '1000009d012a80426881', size: '640x360' },
  ],
  ['another frame', ['10 31aabb'], { key: false, frame: '31aabb' }],
  ['a picture id of one byte', ['90 80 11 31aa'], { key: false, frame: '31aa' }],
  ['a picture id of two bytes', ['90 80 8111 31aa'], { key: false, frame: '31aa' }],
  [
    'all extensions',
    ['90 f0 8111 22 33 31aa', '80 f0 8111 22 33 bb'],
    { key: false, frame: '31aabb' },
  ],
  ['several partitions', ['10 31aa', '11 bb', '01 cc'], { key: false, frame: '31aabbcc' }],
  ['a frame without its beginning', ['00 31aa'], 'broken'],
  ['a frame that begins twice', ['10 31aa', '10 31aa'], 'broken'],
  ['a key frame without a start code', ['10 100000 9d012b 8002 6801'], 'broken'],
  ['a key frame that is too short', ['10 100000 9d01'], 'broken'],
  ['a key frame of no size', ['10 100000 9d012a 0000 6801'], 'broken'],
  ['a descriptor alone', ['90 f0 8111 22'], 'broken'],
];
for (const [name, payloads, wanted] of VP8) {
  test(`VP8: ${name}`, () => assert.deepEqual(gathered(new Vp8(), payloads), [wanted]));
}

/** Profile 0, key, shown; sync code; 4:2:0; the size follows at bit 36. */
function vp9Key(width: number, height: number): string {
  const bits =
    '10000010' +
    '010010011000001101000010' +
    '0010' +
    (width - 1).toString(2).padStart(16, '0') +
    (height - 1).toString(2).padStart(16, '0');
  return BigInt(`0b${bits.padEnd(88, '0')}`).toString(16);
}
const KEY = vp9Key(640, 360);
const SMALL = vp9Key(320, 180);
/** Two layers with sizes, and a picture group of one. */
const STRUCTURE = '38 0140 00b4 0280 0168 01 04 01';
const VP9: [string, string[], unknown][] = [
  ['a key frame', [`8c 01 ${KEY}`], { key: true, frame: KEY, size: '640x360' }],
  [
    'a key frame in two packets',
    [`88 01 ${KEY}`, '84 01 aa'],
    { key: true, frame: `${KEY}aa`, size: '640x360' },
  ],
  ['another frame', ['cc 8001 86aa'], { key: false, frame: '86aa' }],
  ['flexible mode, three references', ['dc 01 03 05 02 86aa'], { key: false, frame: '86aa' }],
  ['flexible mode, too many references', ['dc 01 03 05 03 02 86aa'], 'broken'],
  ['a shown existing frame', ['cc 01 88'], { key: false, frame: '88' }],
  [
    'two layers: a superframe with an index, as large as the highest',
    [`aa 01 00 00 ${STRUCTURE} ${SMALL}`, 'ac 01 03 00 86aabb'],
    { key: true, frame: `${SMALL}86aabbd90b00000003000000d9`, size: '640x360' },
  ],
  [
    'one of two layers: as large as its own header says',
    [`ae 01 00 00 ${STRUCTURE} ${SMALL}`],
    { key: true, frame: SMALL, size: '320x180' },
  ],
  [
    'an upper layer alone, as between key frames of L3T3_KEY',
    ['ec 01 05 00 86aa'],
    { key: false, frame: '86aa' },
  ],
  ['a lower layer behind a higher one', ['ec 01 02 00 86aa', 'ec 01 00 00 86aa'], 'broken'],
  ['a frame without its beginning', ['c4 01 86aa'], 'broken'],
  ['what is not VP9', ['8c 01 12aa'], 'broken'],
  ['a key frame without its sync code', ['8c 01 82 498343 2000 0000 00'], 'broken'],
  ['a structure that is cut off', ['8e 01 f8 0140'], 'broken'],
];
for (const [name, payloads, wanted] of VP9) {
  test(`VP9: ${name}`, () => assert.deepEqual(gathered(new Vp9(), payloads), [wanted]));
}

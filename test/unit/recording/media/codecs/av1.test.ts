// AV1 out of RTP: aggregation headers, fragments, sizes put back, key frames, and what a sequence header says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Av1, leb128, readLeb128 } from '../../../../../server/recording/media/codecs/av1.ts';
import { readAv1Sequence } from '../../../../../server/recording/media/codecs/av1-sequence.ts';
import { av1Payloads } from '../packets.ts';
import { gathered, hex } from './payloads.ts';

const bytes = (value: number) => value.toString(16).padStart(2, '0');
const length = (text: string) => bytes(text.length / 2);

/** A sequence header: profile 0, one operating point of level 5; then its size and tools. */
function sequence(width: number, height: number, reduced = false): string {
  const size = [
    '11111111',
    (width - 1).toString(2).padStart(16, '0'),
    (height - 1).toString(2).padStart(16, '0'),
  ];
  const colours = ['0', '0', '0', '0', '00', '0'];
  const parts = reduced
    ? ['00011', '00101', ...size, '000', '000', ...colours]
    : // No timing, no delays, one point; no frame ids; tools; order hints of 7 bits.
      [
        ...['00000', '0', '0', '00000', '000000000000', '00101', ...size, '0', '000'],
        ...['0000', '1', '00', '1', '1', '110', '000', ...colours],
      ];
  const text = parts.join('');
  const whole = `${text}1`.padEnd(Math.ceil((text.length + 1) / 8) * 8, '0');
  const octets = whole.match(/.{8}/g) ?? [];
  return octets.map((octet) => bytes(Number.parseInt(octet, 2))).join('');
}

const HEADER = sequence(640, 360);
const OBU = `0a${length(HEADER)}${HEADER}`;
const CONFIG = `81050c00${OBU}`;
const KEY = { key: true, size: '640x360', config: CONFIG };
/** A frame OBU as RTP has it, without a size; the first byte behind says what frame it is. */
const KEY_FRAME = '3010aabb';
const INTER_FRAME = '3030aabb';

const CASES: [string, string[][], unknown[]][] = [
  ['one OBU (W = 1)', [[`10${INTER_FRAME}`]], [{ key: false, frame: '320330aabb' }]],
  [
    'two OBUs (W = 2)',
    [[`28 ${length(`08${HEADER}`)}08${HEADER} ${KEY_FRAME}`]],
    [{ ...KEY, frame: `${OBU}320310aabb` }],
  ],
  [
    'lengths of all (W = 0)',
    [[`08 ${length(`08${HEADER}`)}08${HEADER} 04${KEY_FRAME}`]],
    [{ ...KEY, frame: `${OBU}320310aabb` }],
  ],
  ['OBUs that have sizes', [[`10 320330aabb`]], [{ key: false, frame: '320330aabb' }]],
  [
    'a delimiter and padding go',
    [[`30 021200 0278aa ${INTER_FRAME}`]],
    [{ key: false, frame: '320330aabb' }],
  ],
  ['fragments', [['50 3030', '90 aabb']], [{ key: false, frame: '320330aabb' }]],
  [
    'fragments in three packets, an OBU behind',
    [['50 3030', 'd0 aa', 'a0 01bb 20cc']],
    [{ key: false, frame: '320330aabb2201cc' }],
  ],
  [
    'a header cut behind its first byte',
    [['50 30', '90 30aabb']],
    [{ key: false, frame: '320330aabb' }],
  ],
  ['an extension of layers', [['10 3408 30aa']], [{ key: false, frame: '36080230aa' }]],
  ['a shown existing frame', [['10 1890']], [{ key: false, frame: '1a0190' }]],
  [
    'a key frame without a sequence header',
    [[`10${KEY_FRAME}`]],
    [{ key: false, frame: '320310aabb' }],
  ],
  ['a sequence header alone', [[`18 08${HEADER}`]], []],
  ['a fragment without its beginning', [['90 aabb']], ['broken']],
  ['a fragment without its end', [['50 3030']], ['broken']],
  ['a beginning within a fragment', [['50 3030', '10 3030']], ['broken']],
  ['more OBUs than it says', [['20 01aa 02bbcc']], ['broken']],
  ['a length behind the end', [['00 0a3030']], ['broken']],
  ['a forbidden bit', [['10 b030']], ['broken']],
  ['a broken sequence header', [['28 02 08ff 3010']], ['broken']],
];
for (const [name, frames, wanted] of CASES) {
  test(`AV1: ${name}`, () => assert.deepEqual(gathered(new Av1(), ...frames), wanted));
}

test('a sequence header says size and configuration', () => {
  for (const reduced of [false, true]) {
    const read = readAv1Sequence(hex(sequence(1280, 720, reduced)));
    assert.deepEqual(read?.size, { width: 1280, height: 720 });
    assert.equal(read?.reducedStillPicture, reduced);
    assert.equal(read?.configuration.toString('hex'), '81050c00');
  }
  assert.equal(readAv1Sequence(hex(HEADER).subarray(0, 6)), undefined);
});

test('leb128 is written and read', () => {
  for (const value of [0, 1, 127, 128, 300, 2 ** 21, 2 ** 32 - 1]) {
    const written = leb128(value);
    assert.deepEqual(readLeb128(written, 0), { value, next: written.length });
  }
  assert.equal(readLeb128(hex('80'), 0), undefined);
  assert.equal(readLeb128(hex('ffffffffff7f'), 0), undefined);
  assert.equal(readLeb128(hex('8080808080808080ff'), 0), undefined);
});

test('OBUs come out as they went in, wherever they are cut', () => {
  const obu = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((body) => [0x30, 0x30, ...body]);
  fc.assert(
    fc.property(
      fc.array(obu, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 200 }),
      (obus, size) => {
        const bare = obus.map((each) => Buffer.from(each));
        const wanted = bare.flatMap((each) => [
          Buffer.from([0x32]),
          leb128(each.length - 1),
          each.subarray(1),
        ]);
        assert.deepEqual(gathered(new Av1(), av1Payloads(bare, size)), [
          { key: false, frame: Buffer.concat(wanted).toString('hex') },
        ]);
      },
    ),
  );
});

// H264 out of RTP: units alone, together and in fragments, and what parameter sets say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { H264 } from '../../../../../server/recording/media/codecs/h264.ts';
import { readSequenceParameters } from '../../../../../server/recording/media/codecs/h264-parameters.ts';
import { gathered, hex } from './payloads.ts';

/** Exp-Golomb numbers and plain bits, as a parameter set behind its first four bytes. */
function bits(...parts: (number | string)[]): string {
  const text = parts
    .map((part) => {
      if (typeof part === 'string') return part;
      const binary = (part + 1).toString(2);
      return binary.padStart(2 * binary.length - 1, '0');
    })
    .join('');
  const whole = `${text}1`.padEnd(Math.ceil((text.length + 1) / 8) * 8, '0');
  return whole
    .match(/.{8}/g)!
    .map((byte) => Number.parseInt(byte, 2).toString(16).padStart(2, '0'))
    .join('');
}

/** Constrained baseline 3.1; id, frame numbers, order, references, gaps, macroblocks, frames only, no crop. */
const baseline = (columns: number, rows: number, ...end: (number | string)[]) =>
  `6742e01f${bits(0, 0, 2, 1, '0', columns - 1, rows - 1, ...end, '0')}`;
const SPS = baseline(40, 23, '1', '1', '1', 0, 0, 0, 4);
const PPS = '68ce3c80';
const AVCC = `0142e01fffe1${(SPS.length / 2).toString(16).padStart(4, '0')}${SPS}010004${PPS}`;
const stapA = (...units: string[]) =>
  `78${units.map((unit) => (unit.length / 2).toString(16).padStart(4, '0') + unit).join('')}`;

const KEY = { key: true, size: '640x360', config: AVCC };
const SETS = stapA(SPS, PPS);
const CASES: [string, string[][], unknown[]][] = [
  ['a slice', [['41aabb']], [{ key: false, frame: '0000000341aabb' }]],
  ['two slices', [['41aa', '41bb']], [{ key: false, frame: '0000000241aa0000000241bb' }]],
  ['a key frame behind its sets', [[SETS, '65aabb']], [{ ...KEY, frame: '0000000365aabb' }]],
  ['all in one packet', [[stapA(SPS, PPS, '65aa')]], [{ ...KEY, frame: '0000000265aa' }]],
  [
    'sets as packets, in a frame of their own',
    [[SPS, PPS], ['65aa']],
    [{ ...KEY, frame: '0000000265aa' }],
  ],
  [
    'a key frame without sets, behind one with sets',
    [[SETS, '65aa'], ['65bb']],
    [
      { ...KEY, frame: '0000000265aa' },
      { ...KEY, frame: '0000000265bb' },
    ],
  ],
  ['fragments', [[SETS, '7c85aa', '7c05bb', '7c45cc']], [{ ...KEY, frame: '0000000465aabbcc' }]],
  [
    'SEI stays; delimiters and filler go',
    [['09f0', '0605ff', '41aa', '0cff']],
    [{ key: false, frame: '000000030605ff0000000241aa' }],
  ],
  ['a key frame whose sets never came', [['65aa']], ['broken']],
  ['a fragment without its beginning', [['7c05bb', '7c45cc']], ['broken']],
  [
    'a fragment without its end',
    [['7c81aa', '7c01bb'], ['41aa']],
    ['broken', { key: false, frame: '0000000241aa' }],
  ],
  ['a unit within fragments', [['7c81aa', '41bb', '7c41cc']], ['broken']],
  ['an aggregate that is cut off', [['78000541aa']], ['broken']],
  ['an aggregate of nothing', [['78']], ['broken']],
  [
    'interleaved modes',
    [['7900000041aa'], ['7d81aa'], ['7a00'], ['40aa']],
    ['broken', 'broken', 'broken', 'broken'],
  ],
];
for (const [name, frames, wanted] of CASES) {
  test(`H264: ${name}`, () => assert.deepEqual(gathered(new H264(), ...frames), wanted));
}

test('H264: other sets make another configuration', () => {
  const wide = baseline(80, 45, '1', '1', '0');
  const [first, second] = gathered(new H264(), [SETS, '65aa'], [stapA(wide, PPS), '65bb']);
  assert.equal(first !== 'broken' && first?.size, '640x360');
  assert.equal(second !== 'broken' && second?.size, '1280x720');
});

test('H264: sets of ever new ids stay few', () => {
  const codec = new H264();
  for (let id = 0; id < 1_000; id++) {
    gathered(codec, [`68${bits(id)}`, `6742e01f${bits(id)}`]);
  }
  const [frame] = gathered(codec, [SETS, '65aa']);
  assert.ok(frame && frame !== 'broken' && frame.config!.length < 2 * 400);
});

const SIZES: [string, string, string | undefined][] = [
  ['whole macroblocks', baseline(80, 45, '1', '1', '0'), '1280x720'],
  ['cropped at the bottom', baseline(120, 68, '1', '1', '1', 0, 0, 0, 4), '1920x1080'],
  ['cropped at all sides', baseline(40, 23, '1', '1', '1', 1, 2, 3, 1), '634x360'],
  ['fields', baseline(40, 12, '0', '1', '1', '1', 0, 0, 0, 6), '640x360'],
  [
    'bytes that keep start codes out',
    `6742001f${bits(0, 0, 0, 0, 1, '0', 39, 21, '1', '1', '0', '0')}`,
    '640x352',
  ],
  [
    'High, with scaling lists',
    `64001f${bits(0, 1, 0, 0, '0', '1', '1', ...Array(16).fill('1'), ...Array(7).fill('0'), 0, 0, 0, 1, '0', 39, 22, '1', '1', '1', 0, 0, 0, 4, '0')}`.replace(
      /^/,
      '67',
    ),
    '640x360',
  ],
  [
    'High 4:4:4',
    `67f4001f${bits(0, 3, '0', 0, 0, '0', '0', 0, 0, 0, 1, '0', 39, 22, '1', '1', '1', 0, 1, 0, 8, '0')}`,
    '639x360',
  ],
  [
    'order of type 1',
    `6742e01f${bits(0, 0, 1, '0', 0, 0, 2, 1, 1, 1, '0', 39, 21, '1', '1', '0', '0')}`,
    '640x352',
  ],
  ['cropped away', baseline(1, 1, '1', '1', '1', 4, 4, 0, 0), undefined],
  ['larger than any level', baseline(9_999, 9_999, '1', '1', '0'), undefined],
  ['cut off', '6742e01f', undefined],
  ['nothing', '', undefined],
];
for (const [name, set, wanted] of SIZES) {
  test(`the size that a parameter set says: ${name}`, () => {
    const size = readSequenceParameters(hex(set))?.size;
    assert.equal(size && `${size.width}x${size.height}`, wanted);
  });
}

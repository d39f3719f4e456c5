// The layers of a picture: from the size that its camera or window really has, and from the codec.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Encoding,
  VIDEO_CODECS,
  videoCodecsOf,
  videoEncodings,
} from '../../../shared/media/media.ts';

/** Width and height of each active layer, and its bits per second in thousands. */
function layers(
  source: 'camera' | 'screen',
  size: { width: number; height: number },
  codec: 'VP8' | 'H264' = 'VP8',
): string[] {
  return videoEncodings(source, codec, size)
    .filter(({ active }) => active)
    .map(({ scaleResolutionDownBy: scale = 1, maxBitrate, maxFramerate }) => {
      const frames = maxFramerate === undefined ? '' : ` at ${maxFramerate}`;
      return `${size.width / scale}×${size.height / scale} ${maxBitrate / 1_000}k${frames}`;
    });
}

const CASES: readonly ['camera' | 'screen', number, number, readonly string[]][] = [
  ['camera', 1_280, 720, ['320×180 150k', '640×360 500k', '1280×720 1700k']],
  ['camera', 720, 1_280, ['180×320 150k', '360×640 500k', '720×1280 1700k']],
  ['camera', 640, 480, ['320×240 350k', '640×480 1000k']],
  ['camera', 1_920, 1_080, ['480×270 350k', '960×540 1000k', '1920×1080 3000k']],
  ['camera', 360, 640, ['180×320 150k', '360×640 500k']],
  ['camera', 400, 300, ['400×300 500k']],
  ['camera', 200, 150, ['200×150 150k']],
  ['screen', 400, 300, ['400×300 2500k at 30']],
  ['screen', 1_280, 720, ['640×360 400k at 5', '1280×720 2500k at 30']],
  ['screen', 1_920, 1_080, ['960×540 400k at 5', '1920×1080 2500k at 30']],
  ['screen', 3_840, 2_160, ['1920×1080 800k at 5', '3840×2160 4000k at 30']],
  ['screen', 200, 150, ['200×150 2500k at 30']],
];

for (const [source, width, height, expected] of CASES) {
  test(`a ${source} of ${width}×${height} is sent as ${expected.join(', ')}`, () => {
    assert.deepEqual(layers(source, { width, height }), expected);
    assert.deepEqual(layers(source, { width, height }, 'H264'), expected, 'H264 has the same');
  });
}

const side = fc.integer({ min: 1, max: 8_000 });
const anySource = fc.constantFrom('camera', 'screen');

test('a phone that is turned keeps its layers, whatever the codec', () => {
  fc.assert(
    fc.property(anySource, fc.constantFrom(...VIDEO_CODECS), side, side, (source, codec, a, b) => {
      const upright = videoEncodings(source, codec, { width: a, height: b });
      assert.deepEqual(upright, videoEncodings(source, codec, { width: b, height: a }));
    }),
  );
});

test('each layer is the smaller picture of the one above, and the whole picture is among them', () => {
  fc.assert(
    fc.property(anySource, side, side, (source, width, height) => {
      const all = videoEncodings(source, 'VP8', { width, height });
      const active = all.filter((encoding) => encoding.active);
      assert.equal(active.at(-1)?.scaleResolutionDownBy, 1);
      assert.deepEqual(all.slice(0, active.length), active, 'the lowest are active');
      for (const [index, encoding] of active.entries()) {
        const below = active[index - 1];
        if (!below) continue;
        assert.ok(encoding.maxBitrate >= below.maxBitrate);
        assert.equal(below.scaleResolutionDownBy, 2 * (encoding.scaleResolutionDownBy ?? 1));
      }
    }),
  );
});

test('one stream with its layers inside costs as much as the whole picture', () => {
  const svc = (source: 'camera' | 'screen', width: number, height: number): readonly Encoding[] =>
    videoEncodings(source, 'VP9', { width, height });
  assert.deepEqual(svc('camera', 640, 480), [
    { maxBitrate: 1_000_000, scalabilityMode: 'L3T3_KEY' },
  ]);
  assert.deepEqual(svc('camera', 1_280, 720), [
    { maxBitrate: 1_700_000, scalabilityMode: 'L3T3_KEY' },
  ]);
  assert.deepEqual(videoEncodings('camera', 'AV1', { width: 640, height: 480 }), [
    { maxBitrate: 1_000_000, scalabilityMode: 'L1T3' },
  ]);
  assert.deepEqual(svc('screen', 3_840, 2_160), [
    { maxBitrate: 4_000_000, scalabilityMode: 'L1T3' },
  ]);
});

test('the video codecs of a client are read from its capabilities', () => {
  const codecs = ['audio/opus', 'video/vp8', 'video/rtx', 'video/H264', 'video/H264'];
  assert.deepEqual(videoCodecsOf({ codecs: codecs.map((mimeType) => ({ mimeType })) }), [
    'VP8',
    'H264',
  ]);
  assert.deepEqual(videoCodecsOf({}), []);
});

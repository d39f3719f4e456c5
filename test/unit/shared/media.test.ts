// How tracks are encoded, and which layer of them a tile asks for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ROUTER_CODECS,
  ROUTER_RTP_CAPABILITIES,
  SPATIAL_LAYERS,
  spatialLayerFor,
  videoEncodings,
} from '../../../shared/media/media.ts';
import type { TrackSource } from '../../../shared/room/room.ts';

const sources = Object.keys(SPATIAL_LAYERS) as TrackSource[];
const anySource = fc.constantFrom(...sources);
const height = fc.integer({ min: 1, max: 4_320 });

test('a larger tile never asks for a lower layer', () => {
  fc.assert(
    fc.property(anySource, height, height, height, (source, a, b, sourceHeight) => {
      const [small, large] = [Math.min(a, b), Math.max(a, b)];
      assert.ok(
        spatialLayerFor(source, small, sourceHeight) <=
          spatialLayerFor(source, large, sourceHeight),
      );
    }),
  );
});

test('the layer exists, whatever the sizes', () => {
  const odd = fc.oneof(height, fc.constantFrom(0, -1, Number.POSITIVE_INFINITY, Number.NaN));
  fc.assert(
    fc.property(anySource, odd, odd, (source, tile, sourceHeight) => {
      const layer = spatialLayerFor(source, tile, sourceHeight);
      assert.ok(Number.isInteger(layer) && layer >= 0 && layer < SPATIAL_LAYERS[source]);
    }),
  );
});

test('the tiles of an ordinary call get the layers one would choose by hand', () => {
  const cases: readonly [TrackSource, number, number][] = [
    ['camera', 90, 0],
    ['camera', 240, 0],
    ['camera', 241, 1],
    ['camera', 360, 1],
    ['camera', 481, 2],
    ['camera', 1_080, 2],
    ['screen', 200, 0],
    ['screen', 1_080, 1],
    ['microphone', 1_080, 0],
  ];
  for (const [source, tile, layer] of cases) {
    assert.equal(spatialLayerFor(source, tile), layer, `${source} in a tile ${tile} px high`);
  }
});

test('a subscriber can choose as many layers as are sent', () => {
  for (const source of ['camera', 'screen'] as const) {
    assert.equal(videoEncodings(source, 'VP8').length, SPATIAL_LAYERS[source]);
    assert.equal(videoEncodings(source, 'H264').length, SPATIAL_LAYERS[source]);
    assert.equal(videoEncodings(source, 'VP9').length, 1, 'SVC is one encoding');
  }
});

test('each simulcast layer is larger than the one below it and has a name of its own', () => {
  for (const source of ['camera', 'screen'] as const) {
    const encodings = videoEncodings(source, 'VP8');
    assert.equal(new Set(encodings.map(({ rid }) => rid)).size, encodings.length);
    for (const [index, encoding] of encodings.entries()) {
      const below = encodings[index - 1];
      if (!below) continue;
      assert.ok(encoding.maxBitrate > below.maxBitrate);
      assert.ok((encoding.scaleResolutionDownBy ?? 1) < (below.scaleResolutionDownBy ?? 1));
    }
  }
});

test('every codec that a room has is in what clients are told, under the same payload type', () => {
  for (const { mimeType, preferredPayloadType } of ROUTER_CODECS) {
    const told = ROUTER_RTP_CAPABILITIES.codecs.find((codec) => codec.mimeType === mimeType);
    assert.equal(told?.preferredPayloadType, preferredPayloadType, mimeType);
  }
});

test('a camera of any size arrives whole: its highest layer is not scaled, and browsers send it', () => {
  // Layers that libwebrtc sends at most of so many pixels (its table of simulcast formats).
  const sent = (pixels: number) => (pixels >= 960 * 540 ? 3 : pixels >= 480 * 270 ? 2 : 1);
  const cases: readonly [TrackSource, number, number, readonly number[]][] = [
    ['camera', 1_920, 1_080, [4, 2, 1]],
    ['camera', 1_280, 720, [4, 2, 1]],
    ['camera', 720, 1_280, [4, 2, 1]],
    ['camera', 720, 720, [4, 2, 1]],
    ['camera', 960, 540, [2, 1]],
    ['camera', 640, 480, [2, 1]],
    ['camera', 480, 640, [2, 1]],
    ['camera', 640, 360, [2, 1]],
    ['camera', 360, 360, [2, 1]],
    ['camera', 640, 359, [1]],
    ['camera', 320, 240, [1]],
    ['camera', 160, 120, [1]],
    ['screen', 1_920, 1_080, [2, 1]],
    ['screen', 800, 600, [2, 1]],
    ['screen', 600, 300, [1]],
  ];
  for (const [source, width, height, scales] of cases) {
    const encodings = videoEncodings(source, 'VP8', { width, height });
    const active = encodings.filter(({ active = true }) => active);
    const what = `${source} of ${width}×${height}`;
    assert.deepEqual(
      active.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy),
      scales,
      what,
    );
    assert.equal(
      encodings.length,
      SPATIAL_LAYERS[source],
      `${what}: a device of another size fits`,
    );
    assert.ok(active.length <= sent(width * height), `${what}: every layer is sent`);
    assert.deepEqual(encodings.slice(0, active.length), active, `${what}: the lowest are active`);
  }
  assert.deepEqual(
    videoEncodings('camera', 'VP8', { width: 0, height: 0 }),
    videoEncodings('camera', 'VP8'),
  );
});

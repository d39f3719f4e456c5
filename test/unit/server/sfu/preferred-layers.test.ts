// What a client's preference means for each kind of stream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preferredLayers } from '../../../../server/sfu/endpoints/preferred-layers.ts';

test('a small tile gets the smallest picture where there is one, else fewer frames', () => {
  const cases = [
    [0, undefined, { spatialLayer: 0 }],
    [2, undefined, { spatialLayer: 2 }],
    [0, 'L3T3_KEY', { spatialLayer: 0 }],
    [1, 'L3T3_KEY', { spatialLayer: 1 }],
    [0, 'L1T3', { spatialLayer: 0, temporalLayer: 1 }],
    [0, 'L1T2', { spatialLayer: 0, temporalLayer: 0 }],
    [1, 'L1T3', { spatialLayer: 1 }],
    [2, 'L1T3', { spatialLayer: 2 }],
    [0, 'L1T1', { spatialLayer: 0 }],
    [0, 'S3T3', { spatialLayer: 0 }],
  ] as const;
  for (const [spatialLayer, mode, expected] of cases) {
    assert.deepEqual(
      preferredLayers({ spatialLayer }, mode),
      expected,
      `${spatialLayer} of ${mode}`,
    );
  }
});

test('a client that asks for certain frames gets them', () => {
  assert.deepEqual(preferredLayers({ spatialLayer: 0, temporalLayer: 2 }, 'L1T3'), {
    spatialLayer: 0,
    temporalLayer: 2,
  });
});

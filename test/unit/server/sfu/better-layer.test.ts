// A picture that is recorded in a smaller layer than its sender sends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layerBelowBest, type Simulcast } from '../../../../server/sfu/recording/better-layer.ts';

const inLayer = (spatialLayer: number, producerScores: number[], rest: Partial<Simulcast> = {}) =>
  layerBelowBest({
    ...{ type: 'simulcast', producerPaused: false, score: { producerScores } },
    currentLayers: { spatialLayer },
    ...rest,
  });

test('a picture that is recorded in a smaller layer than it is sent is found', () => {
  assert.equal(inLayer(0, [10, 10]), 0);
  assert.equal(inLayer(1, [10, 0, 7]), 1);
  assert.equal(inLayer(0, [0, 10]), 0);
});

test('one in its best layer, or with no choice, is left alone', () => {
  assert.equal(inLayer(1, [10, 10]), undefined);
  assert.equal(inLayer(0, [10, 0]), undefined, 'the larger one brings nothing');
  assert.equal(inLayer(0, [0, 0]), undefined);
  assert.equal(inLayer(0, [10, 10], { producerPaused: true }), undefined);
  assert.equal(inLayer(0, [10], { type: 'svc' }), undefined);
  assert.equal(inLayer(0, [10, 10], { currentLayers: undefined }), undefined, 'it has not begun');
});

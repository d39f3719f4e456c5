// Encodings that nobody receives are switched off, and on again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  demandedEncodings,
  highestLayer,
  newerDemand,
} from '../../../../client/sdk/media/layers/demanded-layers.ts';
import { changeEncodings } from '../../../../client/sdk/media/layers/encoding-changes.ts';
import { resizedEncodings } from '../../../../client/sdk/media/sending-options.ts';
import { videoEncodings } from '../../../../shared/media/media.ts';
import { EVERY_LAYER } from '../../../../shared/protocol/media-messages.ts';

const CAMERA = videoEncodings('camera', 'VP8');
const active = (encodings: readonly { active?: boolean }[] | undefined) =>
  encodings?.map((encoding) => encoding.active ?? true);

test('the layers up to the highest that is received are on', () => {
  const cases: [number, boolean[]][] = [
    [-1, [false, false, false]],
    [0, [true, false, false]],
    [1, [true, true, false]],
    [EVERY_LAYER, [true, true, true]],
  ];
  for (const [highest, expected] of cases) {
    assert.deepEqual(active(demandedEncodings(CAMERA, highest)), expected);
  }
});

test('a layer that a small picture has no use for stays off, whatever is received', () => {
  const small = videoEncodings('camera', 'VP8', { width: 320, height: 240 });
  assert.deepEqual(active(demandedEncodings(small, EVERY_LAYER)), [true, false, false]);
});

test('encodings of a sender change when others are received, and only then', () => {
  const now = CAMERA.map((encoding) => ({ ...encoding, active: true }));
  const lowered = resizedEncodings(now, demandedEncodings(CAMERA, 0));
  assert.deepEqual(active(lowered), [true, false, false]);
  assert.ok(lowered);
  assert.equal(resizedEncodings(lowered, demandedEncodings(CAMERA, 0)), undefined);
  assert.deepEqual(active(resizedEncodings(lowered, demandedEncodings(CAMERA, 2))), [
    true,
    true,
    true,
  ]);
});

test('one stream with all layers inside is off only when nobody receives it', () => {
  const svc = videoEncodings('camera', 'VP9');
  const now = svc.map((encoding) => ({ ...encoding, active: true }));
  assert.equal(resizedEncodings(now, demandedEncodings(svc, 0)), undefined);
  const off = resizedEncodings(now, demandedEncodings(svc, -1));
  assert.deepEqual(active(off), [false]);
  assert.deepEqual(active(resizedEncodings(off ?? [], demandedEncodings(svc, 0))), [true]);
});

test('an older word is ignored, and a server that says nothing receives everything', () => {
  const low = { version: 3, layers: { camera: -1 } };
  assert.equal(newerDemand(low, { version: 2, layers: {} }), low);
  assert.equal(highestLayer(newerDemand(low, { version: 3, layers: {} }), 'camera'), EVERY_LAYER);
  assert.equal(highestLayer(newerDemand(low, undefined), 'camera'), EVERY_LAYER);
  assert.equal(highestLayer(newerDemand(undefined, low), 'camera'), -1);
});

test('two changes of one sender happen one after the other, and a refused one does not stop the next', async () => {
  const log: string[] = [];
  let encodings: RTCRtpEncodingParameters[] = [{ maxBitrate: 1 }];
  let isBusy = false;
  const sender = {
    getParameters: () => ({ encodings }),
    async setParameters(parameters: { encodings: RTCRtpEncodingParameters[] }) {
      if (isBusy) throw new Error('another change is under way');
      isBusy = true;
      await Promise.resolve();
      isBusy = false;
      const [first] = parameters.encodings;
      if (first?.maxBitrate === 3) throw new Error('not that one');
      encodings = parameters.encodings;
      log.push(`${first?.maxBitrate}`);
    },
  } as unknown as RTCRtpSender;
  const set = (maxBitrate: number) => changeEncodings(sender, () => [{ maxBitrate }]);
  assert.deepEqual(await Promise.all([set(2), set(3), set(4)]), [true, false, true]);
  assert.deepEqual(log, ['2', '4']);
});

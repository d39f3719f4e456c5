// A device of another size in the call: its layers are changed on the sender that is there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resizedEncodings, sizeOf } from '../../../../client/sdk/media/sending-options.ts';
import { videoEncodings } from '../../../../shared/media/media.ts';

const VGA = { width: 640, height: 480 };

/** As a browser gives them back. */
function sending(size?: { width: number; height: number }): RTCRtpEncodingParameters[] {
  return videoEncodings('camera', 'VP8', size).map((encoding) => ({ active: true, ...encoding }));
}

test('a camera of 640×480 in place of one of 1280×720 is sent whole, and the other way round', () => {
  const small = resizedEncodings(sending(), videoEncodings('camera', 'VP8', VGA));
  assert.deepEqual(
    small?.map(({ active, scaleResolutionDownBy }) => [active, scaleResolutionDownBy]),
    [
      [true, 2],
      [true, 1],
      [false, 1],
    ],
  );
  const large = resizedEncodings(sending(VGA), videoEncodings('camera', 'VP8'));
  assert.deepEqual(
    large?.map(({ active, scaleResolutionDownBy }) => [active, scaleResolutionDownBy]),
    [
      [true, 4],
      [true, 2],
      [true, 1],
    ],
  );
});

test('a camera of the same size changes nothing, and one stream with its layers inside neither', () => {
  assert.equal(resizedEncodings(sending(VGA), videoEncodings('camera', 'VP8', VGA)), undefined);
  const svc = [{ active: true, scalabilityMode: 'L3T3_KEY' }];
  assert.equal(resizedEncodings(svc, videoEncodings('camera', 'VP8', VGA)), undefined);
});

test('a size that the browser does not know yet is no size', () => {
  assert.equal(sizeOf({ getSettings: () => ({}) }), undefined);
  assert.equal(sizeOf({ getSettings: () => ({ width: 0, height: 0 }) }), undefined);
  assert.deepEqual(sizeOf({ getSettings: () => ({ ...VGA, frameRate: 30 }) }), VGA);
});

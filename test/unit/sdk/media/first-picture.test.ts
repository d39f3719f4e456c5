// Waiting for the first picture: as many looks as it takes, and never for ever.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstPicture } from '../../../../client/sdk/media/first-picture.ts';

/** Shows its first picture at this look. */
function receiver(showsAt: number) {
  const looks = { count: 0 };
  const getSynchronizationSources = () => {
    looks.count += 1;
    return looks.count >= showsAt ? [{}] : [];
  };
  return { looks, receiver: { getSynchronizationSources } as unknown as RTCRtpReceiver };
}

test('the first picture of any of them ends the wait', async () => {
  const dark = receiver(Number.POSITIVE_INFINITY);
  const bright = receiver(3);
  await firstPicture([dark.receiver, bright.receiver], Number.POSITIVE_INFINITY);
  assert.deepEqual([dark.looks.count, bright.looks.count], [3, 3]);
});

test('pictures that do not come are not waited for for ever', async () => {
  const { looks, receiver: dark } = receiver(Number.POSITIVE_INFINITY);
  await firstPicture([dark], 20);
  assert.ok(looks.count >= 2, `${looks.count} looks`);
});

test('nothing to be seen, or a browser that does not say: nobody waits', async () => {
  await firstPicture([], Number.POSITIVE_INFINITY);
  await firstPicture([{} as RTCRtpReceiver], Number.POSITIVE_INFINITY);
});

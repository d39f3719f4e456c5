// Somebody's WebSocket breaks in the middle of a call: media flows on, and what was missed arrives.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { longestGaps } from '../../support/browser/gap-watch.ts';
import { story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';

/** How long the network refuses every connection. The one time in these tests that is itself the subject. */
const OUTAGE_MS = 5_000;
/** A frame may come late on a busy machine; a picture that stands still for the outage takes longer. */
const LATE_FRAME_MS = 2_000;

story('a WebSocket that is gone for five seconds interrupts nobody', async (scene) => {
  // The answers of joins and of the resume come compressed.
  const parley = await scene.parley({ COMPRESS_FROM_BYTES: '1024' });
  const relay = await scene.relay(parley.url);
  const ann = await scene.person('Ann');
  await ann.join(new URL('r/blue', relay.url).href);
  const bo = await scene.person('Bo');
  await bo.join(parley.room('blue'));
  await ann.sees('Bo');
  await bo.sees('Ann');
  const { ssrc } = await ann.video(ann.tile('Bo'));
  const atAnns = await ann.watchGaps(ann.tile('Bo'));
  const atBos = await bo.watchGaps(bo.tile('Ann'));

  relay.cut();

  await scene.step('the page says so', async () => {
    await until('Ann to read that it reconnects', async () => {
      assert.match(await ann.status(), /reconnecting/i);
    });
  });

  await scene.step('chat goes on meanwhile', async () => {
    await bo.sendChat('Ann, your line is gone');
    await sleep(OUTAGE_MS);
    assert.ok(relay.refused > 0, 'the page did not try to reconnect');
    relay.mend();
  });

  await scene.step('the session is resumed, and what was said meanwhile arrives', async () => {
    await until(
      'Ann to read that it is connected',
      async () => assert.doesNotMatch(await ann.status(), /reconnecting/i),
      { withinMs: DEADLINES.resume },
    );
    await ann.readsInChat('Ann, your line is gone');
    await ann.sendChat('I am back');
    await bo.readsInChat('I am back');
  });

  await scene.step('neither picture ever stood still', async () => {
    for (const gapMs of await longestGaps(atAnns, atBos)) {
      assert.ok(gapMs < LATE_FRAME_MS, `a picture stood still for ${Math.round(gapMs)} ms`);
    }
    assert.equal((await ann.video(ann.tile('Bo'))).ssrc, ssrc, 'the media session was replaced');
    assert.equal(await bo.page.getByRole('article').count(), 2, 'Ann is there once');
  });
});

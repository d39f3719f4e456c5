// A click on "Join" ends what is prepared for it: nothing begins after the click that no join would take.
import assert from 'node:assert/strict';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';
import type { Parley } from '../../support/server/parley.ts';

/** Longer than a page waits before it prepares again. */
const LATER_MS = 6_000;
/** As late as a busy page is with a timer that should fire at once. */
const BUSY_MS = 1_000;

/** How many sockets the page has opened: each preparation opens one. Begins before the page is opened. */
function sockets({ page }: Participant): () => number {
  let count = 0;
  page.on('websocket', () => {
    count += 1;
  });
  return () => count;
}

async function holdsTheCallAlone(parley: Parley): Promise<void> {
  await until('the server to hold the call alone', async () => {
    const { prepared, session, socket, transport } = await parley.resources();
    assert.deepEqual(
      { prepared, session, socket, transport },
      { prepared: 0, session: 1, socket: 1, transport: 2 },
    );
  });
}

story('a second click on "Join" prepares nothing beside the call', async (scene) => {
  const parley = await scene.parley();
  const ann = await scene.person('Ann');
  const opened = sockets(ann);
  // Long after the page was opened, and before it can show that it joins.
  await ann.page.addInitScript((laterMs) => {
    addEventListener('submit', () => {
      const now = performance.now.bind(performance);
      performance.now = () => now() + laterMs;
      const button = document.querySelector('button[type=submit]');
      for (const name of ['pointerdown', 'pointerenter']) {
        button?.dispatchEvent(new PointerEvent(name));
      }
    });
  }, LATER_MS);
  await ann.open(parley.room('blue'));
  await until('the page to have prepared', async () => {
    assert.equal((await parley.resources()).prepared, 1);
  });
  await ann.clickJoin();
  assert.equal(opened(), 1, 'the call has what was prepared');
  await holdsTheCallAlone(parley);
});

story('who joins before the page has loaded prepares nothing beside the call', async (scene) => {
  const parley = await scene.parley();
  const ann = await scene.person('Ann');
  const opened = sockets(ann);
  // The page is too busy to show that it joins before the rest of it arrives.
  await ann.page.addInitScript((busyMs) => {
    const { setTimeout } = window;
    let leastMs = 0;
    window.setTimeout = Object.assign(
      (action: TimerHandler, delayMs = 0) => setTimeout(action, Math.max(delayMs, leastMs)),
      setTimeout,
    );
    const onClick = () => {
      leastMs = busyMs;
      setTimeout(() => {
        leastMs = 0;
      }, busyMs);
    };
    // Before the page joins.
    addEventListener('submit', onClick, { capture: true });
  }, BUSY_MS);
  const clicked = Promise.withResolvers<void>();
  await ann.page.route('**/assets/prepare-call-*.js', async (route) => {
    await clicked.promise;
    await route.continue();
  });
  await ann.open(parley.room('blue'));
  await ann.page.getByRole('button', { name: 'Join', exact: true }).click();
  clicked.resolve();
  await ann.button('Leave').waitFor();
  assert.equal(opened(), 1, 'the call alone opens one');
  await holdsTheCallAlone(parley);
});

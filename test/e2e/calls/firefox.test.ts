// Firefox and Chromium in one call: two implementations of WebRTC that have to understand each other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { FirefoxPerson } from '../../support/browser/firefox.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import {
  isInNamespace,
  NAMESPACE_ADDRESS,
  runInNamespace,
} from '../../support/network/network-namespace.ts';
import { until } from '../../support/process/until.ts';

/** An open connection of a page. `place`: how many the page had made before it. */
interface Path {
  place: number;
  state: RTCPeerConnectionState;
}

async function paths({ page }: FirefoxPerson): Promise<Path[]> {
  return page.evaluate(() =>
    window.parleyTest.connections
      .map(({ connectionState: state }, place) => ({ place, state }))
      .filter(({ state }) => state !== 'closed'),
  );
}

if (isInNamespace()) {
  story('Firefox and Chromium see and hear each other', async (scene) => {
    const parley = await scene.parley({ MEDIA_LISTEN_ADDRESSES: NAMESPACE_ADDRESS });
    const [ann] = (await scene.peopleIn(parley.room('blue'), ['Ann'])) as [Participant];
    const fi = await scene.firefox('Fi');

    let prepared: Path[] = [];
    await scene.step('Firefox has its paths before the click', async () => {
      await fi.open(parley.room('blue'));
      await until('both paths to be up', async () => {
        assert.equal((await parley.resources()).prepared, 1);
        prepared = await paths(fi);
        assert.deepEqual(
          prepared.map(({ state }) => state),
          ['connected', 'connected'],
        );
      });
    });

    await scene.step('they see and hear each other, over these paths', async () => {
      await fi.clickJoin();
      await fi.seesAndHears(1);
      await ann.sees('Fi');
      await ann.hears(1);
      assert.deepEqual(await paths(fi), prepared, 'no others, and none anew');
    });

    await scene.step('a screen shared in Chromium is seen in Firefox', async () => {
      await ann.toggle('Share screen', true);
      await fi.seesMoving(2);
      await ann.toggle('Share screen', false);
    });

    await scene.step('Firefox leaves, and comes back', async () => {
      await fi.leave();
      await ann.tile('Fi').waitFor({ state: 'detached' });
      await fi.comesTo(ann, parley.room('blue'));
    });
  });
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network that Firefox needs';
  test('Firefox and Chromium in one call, on a network of their own', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url)),
  );
}

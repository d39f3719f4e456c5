// Firefox and Chromium in one call: two implementations of WebRTC that have to understand each other.

import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import {
  isInNamespace,
  NAMESPACE_ADDRESS,
  runInNamespace,
} from '../../support/network/network-namespace.ts';

if (isInNamespace()) {
  story('Firefox and Chromium see and hear each other', async (scene) => {
    const parley = await scene.parley({ MEDIA_LISTEN_ADDRESSES: NAMESPACE_ADDRESS });
    const [ann] = (await scene.peopleIn(parley.room('blue'), ['Ann'])) as [Participant];
    const fi = await scene.firefox('Fi');

    await scene.step('they see and hear each other', () => fi.comesTo(ann, parley.room('blue')));

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

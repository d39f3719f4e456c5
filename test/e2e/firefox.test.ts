// Firefox and Chromium in one call: two implementations of WebRTC that have to understand each other.

import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isInNamespace, NAMESPACE_ADDRESS, runInNamespace } from '../support/network-namespace.ts';
import type { Participant } from '../support/participant.ts';
import { story } from '../support/scene.ts';

if (isInNamespace()) {
  story('Firefox and Chromium see and hear each other', async (scene) => {
    const parley = await scene.parley({ MEDIA_LISTEN_ADDRESSES: NAMESPACE_ADDRESS });
    const people = await scene.peopleIn(parley.room('blue'), ['Ann', 'Bo']);
    const [ann, bo] = people as [Participant, Participant];
    const fi = await scene.firefox('Fi');

    await scene.step('all three see and hear the other two', async () => {
      await fi.join(parley.room('blue'));
      await fi.seesAndHears(2);
      for (const person of [ann, bo]) {
        await person.sees('Fi');
        await person.hears(2);
      }
    });

    await scene.step('Firefox leaves, and comes back', async () => {
      await fi.leave();
      await ann.tile('Fi').waitFor({ state: 'detached' });
      await fi.join(parley.room('blue'));
      await fi.seesAndHears(2);
      await ann.sees('Fi');
    });
  });
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network that Firefox needs';
  test('Firefox and Chromium in one call, on a network of their own', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url)),
  );
}

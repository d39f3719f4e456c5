// Firefox in a room where voices are chosen: its microphone goes through the gate, and is heard.

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
  story('Firefox and Chromium hear each other where voices are chosen', async (scene) => {
    const env = { MEDIA_LISTEN_ADDRESSES: NAMESPACE_ADDRESS, EVERY_VOICE_UP_TO: '1', VOICES: '1' };
    const parley = await scene.parley(env);
    const [ann] = (await scene.peopleIn(parley.room('blue'), ['Ann'])) as [Participant];
    const fi = await scene.firefox('Fi');
    await scene.step('they see and hear each other', () => fi.comesTo(ann, parley.room('blue')));
    await scene.step('also after Firefox was muted', async () => {
      await fi.press('Microphone');
      await fi.isPressed('Microphone', false);
      await ann.hearsNobody();
      await fi.press('Microphone');
      await ann.hears(1);
    });
  });
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network that Firefox needs';
  test('Firefox where voices are chosen, on a network of its own', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url)),
  );
}

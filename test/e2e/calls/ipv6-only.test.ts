// A network without IPv4: the page, the signalling and the media of a whole call over IPv6, with every default.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import {
  isInNamespace,
  oneInterface,
  runInNamespace,
} from '../../support/network/network-namespace.ts';

/** A unique local address (RFC 4193); browsers get IPv4 on loopback alone, for those who drive them. */
const ADDRESS = 'fd5a:10:31::1';
const IPV6_ONLY = oneInterface(`${ADDRESS}/64`, 'fd5a:10:31::2');

if (isInNamespace()) {
  story('Firefox and Chromium in one call over IPv6 alone', async (scene) => {
    const parley = await scene.parley({ HOST: '', MEDIA_LISTEN_ADDRESSES: '' });
    const room = parley.room('blue').replace('localhost', '[::1]');
    const ready = parley.process.lines.filter((line) => /^\s*Media\s/.test(line)).join();
    assert.match(ready, new RegExp(`on \\[${ADDRESS}\\]$`), 'media has no other address');
    const [ann] = (await scene.peopleIn(room, ['Ann'])) as [Participant];
    const bo = await scene.person('Bo');
    const fi = await scene.firefox('Fi');

    await scene.step('two Chromiums see and hear each other', async () => {
      await bo.join(room);
      await bo.sees('Ann');
      await bo.hears(1);
      await ann.sees('Bo');
      await ann.hears(1);
    });

    await scene.step('Firefox sees and hears them, and they it', async () => {
      await fi.join(room);
      await fi.seesAndHears(2);
      await ann.sees('Fi');
      await ann.hears(2);
    });
  });
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make a network without IPv4';
  test('a whole call on a network without IPv4', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url), IPV6_ONLY),
  );
}

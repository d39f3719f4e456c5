// A server that is announced by a hostname alone, behind a router: Firefox makes no pair with a name, and needs
// the address behind it. No relay is there, and nobody reaches the address that the server listens on.
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
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';

const NAME = 'media.test';
const BROWSERS = '10.231.4.1';
const NOBODY = '10.231.4.2';
/** What the name says, and what the router forwards from. */
const PUBLIC = '203.0.113.1';
/** What the server listens on; browsers reach it through the router alone. */
const LISTENING = '10.240.4.11';
const MEDIA_PORT = 42_000;

const BEHIND_A_ROUTER = [
  ...oneInterface(`${BROWSERS}/30`, NOBODY),
  'ip link add server type veth peer name nobody',
  `ip address add ${LISTENING}/32 dev server`,
  'ip link set server up',
  ...[
    'add table ip router',
    'add chain ip router forwards { type nat hook output priority -100; }',
    ...['udp', 'tcp'].map(
      (protocol) =>
        `add rule ip router forwards ip daddr ${PUBLIC} ${protocol} dport ${MEDIA_PORT} dnat to ${LISTENING}`,
    ),
    'add chain ip router walls { type filter hook output priority 0; }',
    `add rule ip router walls ip daddr ${LISTENING} ct status dnat accept`,
    `add rule ip router walls ip daddr ${LISTENING} drop`,
  ].map((rule) => `nft '${rule}'`),
  // The mount is the namespace's own. Chromium asks for the absolute name, the server for the other one.
  'mount -t tmpfs tmpfs /mnt',
  `{ cat /etc/hosts; echo '${PUBLIC} ${NAME} ${NAME}.'; } > /mnt/hosts`,
  'mount --bind /mnt/hosts /etc/hosts',
];

if (isInNamespace()) {
  story('Firefox and Chromium meet on a server that announces a hostname', async (scene) => {
    const parley = await scene.parley({
      MEDIA_LISTEN_ADDRESSES: LISTENING,
      MEDIA_PORT: String(MEDIA_PORT),
      WORKERS: '1',
      ANNOUNCED_ADDRESS: NAME,
    });
    const [ann] = (await scene.peopleIn(parley.room('blue'), ['Ann'])) as [Participant];
    const fi = await scene.firefox('Fi');

    await scene.step('they see and hear each other', () => fi.comesTo(ann, parley.room('blue')));

    await scene.step(
      'straight to the server, through the name or the address behind it',
      async () => {
        await until('everybody to be on the best path', async () => {
          for (const person of [ann, fi]) {
            const pairs = await person.candidatePairs();
            assert.ok(pairs.length >= 2, `${person.name} has ${pairs.length} connections, not two`);
            for (const { local, remote } of pairs) {
              assert.notEqual(local.candidateType, 'relay');
              assert.equal(remote.protocol, 'udp');
              assert.ok([PUBLIC, NAME].includes(remote.address ?? ''), remote.address);
            }
          }
        });
      },
    );

    await scene.step('the network check of Firefox finds the same path', async () => {
      await fi.page.goto(`${parley.url}check`);
      await fi.page.waitForSelector('progress');
      await fi.page.waitForSelector('progress', { hidden: true, timeout: DEADLINES.media });
      await fi.reads(/UDP\s+Good:\s+Open\. There and back takes/);
    });
  });
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network of a server behind a router';
  test('a hostname is announced, and nothing else can be reached', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url), BEHIND_A_ROUTER),
  );
}

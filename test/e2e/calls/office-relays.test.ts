// A media server behind a router: people beside it, outside, and behind a firewall are in one room, each
// on the best path there is, from one configuration. And a relayed call outlives its credentials.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Participant } from '../../support/browser/participant.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import { isInNamespace, runInNamespace } from '../../support/network/network-namespace.ts';
import {
  at,
  browserScript,
  OFFICE,
  OFFICE_NETWORK,
  onMachine,
} from '../../support/network/relay-networks.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import { AUTH_TOKEN, Operator } from '../../support/server/operator.ts';
import { ownedBy } from '../../support/server/owned.ts';
import type { Parley } from '../../support/server/parley.ts';

const INSIDE = `http://${OFFICE.media}:${OFFICE.webPort}`;
const OUTSIDE = `http://${OFFICE.announced}:${OFFICE.webPort}`;
/** The shortest life of credentials that can be configured. */
const TTL_SECONDS = 10;

if (isInNamespace()) {
  story('one inside, one outside and one behind a firewall are in one room', onePathEach);
  story('a relayed call outlives its credentials and changes of network', outlives);
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network of the office';
  test('the network of an office', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url), OFFICE_NETWORK),
  );
}

async function onePathEach(scene: Scene, context: TestContext): Promise<void> {
  const { operator, person } = await begin(scene, context);
  const ann = await person('Ann', OFFICE.lan.name);
  const bo = await person('Bo', OFFICE.wan.name);
  const cy = await person('Cy', OFFICE.walled.name);
  await ann.join(await invitation(operator, INSIDE));
  await bo.join(await invitation(operator, OUTSIDE));
  await cy.join(await invitation(operator, OUTSIDE));

  await scene.step('everybody sees and hears everybody', async () => {
    const people = [ann, bo, cy];
    await Promise.all(
      people.flatMap((one) => [
        one.hears(2),
        ...people.filter((other) => other !== one).map(({ name }) => one.sees(name)),
      ]),
    );
  });

  await scene.step('each on the best path there is', async () => {
    const paths = async (one: Participant) =>
      [...new Set((await one.candidatePairs()).map(pathOf))].sort();
    // The first way that is found may go by TCP; the better one follows.
    await until('the best paths', async () => {
      assert.deepEqual(await paths(ann), [`direct udp to ${OFFICE.media}`]);
      assert.deepEqual(await paths(bo), [`direct udp to ${OFFICE.announced}`]);
      // By UDP, or by TCP where that was connected first: Chromium then stops before a slower allocation by
      // UDP is used.
      const relayed = (await paths(cy)).map((one) => one.replace(' tcp ', ' udp '));
      assert.deepEqual([...new Set(relayed)], [`relay udp to ${OFFICE.announced}`]);
    });
    await until('the operator to see the same', async () => {
      const { paths: seen } = await operator.overview();
      assert.deepEqual(seen, { direct: 2, relay: 1, none: 0, unknown: 0 });
    });
  });
}

async function outlives(scene: Scene, context: TestContext): Promise<void> {
  const { operator, parley, person } = await begin(scene, context, {
    TURN_TTL_SECONDS: String(TTL_SECONDS),
  });
  const { name, address } = OFFICE.walled;
  const ann = await person('Ann', OFFICE.lan.name);
  const cy = await person('Cy', name);
  await ann.join(await invitation(operator, INSIDE));
  await cy.join(await invitation(operator, OUTSIDE));
  await Promise.all([ann.sees('Cy'), cy.sees('Ann')]);
  const startedAt = Date.now();
  // A machine that loses its first address keeps its other ones.
  await at(name, ['sysctl', '-qw', 'net.ipv4.conf.all.promote_secondaries=1']);
  let own: string = address;

  for (let lifetime = 1; lifetime <= 3; lifetime++) {
    await scene.step(`a change of network in lifetime ${lifetime}`, async () => {
      const begins = startedAt + lifetime * TTL_SECONDS * 1_000;
      await until('the credentials of before to have ended', () => assert.ok(Date.now() > begins), {
        withinMs: 2 * TTL_SECONDS * 1_000,
      });
      const before = await relayPorts(cy);
      const next = address.replace(/\d+$/, (last) => String(Number(last) + lifetime));
      await at(name, ['ip', 'address', 'add', `${next}/24`, 'dev', 'wan']);
      await at(name, ['ip', 'address', 'del', `${own}/24`, 'dev', 'wan']);
      await at(name, ['ip', 'route', 'replace', 'default', 'via', OFFICE.announced]);
      own = next;
      const changedAt = Date.now();
      await until(
        'both connections to have allocations made from the new address',
        async () => {
          const ports = await relayPorts(cy);
          assert.equal(ports.length, 2);
          for (const port of ports) assert.ok(!before.includes(port), `${port} is an old one`);
        },
        { withinMs: DEADLINES.mediaRebuilt },
      );
      await Promise.all([
        ann.sees('Cy', DEADLINES.mediaRebuilt),
        cy.sees('Ann', DEADLINES.mediaRebuilt),
        ann.hears(1),
        cy.hears(1),
      ]);
      scene.note(`seen again ${Date.now() - changedAt} ms after the change`);
    });
  }

  await scene.step('nobody had to come in again', async () => {
    const joined = (await parley.metrics()).find(
      ({ name: metric, labels }) => metric === 'parley_sessions_total' && labels.event === 'joined',
    );
    assert.equal(joined?.value, 2);
  });
}

/** Ports of the allocations that carry somebody's media. */
async function relayPorts(person: Participant): Promise<(number | undefined)[]> {
  const pairs = await person.candidatePairs();
  for (const { local } of pairs) assert.equal(local.candidateType, 'relay');
  return pairs.map(({ local }) => local.port);
}

async function begin(scene: Scene, context: TestContext, env: Record<string, string> = {}) {
  const relay = await scene.coturn('secret', {
    address: OFFICE.relay,
    command: onMachine('relay'),
    port: 3478,
    // Of the server's addresses the relay reaches this one; see docs/turn.md on the others.
    allowedPeers: [OFFICE.announced],
  });
  const parley: Parley = await scene.parley(
    {
      ...relay.env,
      AUTH_TOKEN,
      PORT: String(OFFICE.webPort),
      MEDIA_PORT: String(OFFICE.mediaPort),
      WORKERS: '1',
      ANNOUNCED_ADDRESS: OFFICE.announced,
      ...env,
    },
    { command: onMachine('media'), address: OFFICE.media },
  );
  const operator = new Operator(parley.url);
  await operator.shows(relay, 'in-service');
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-browsers-'));
  ownedBy(context).defer(() => rm(folder, { recursive: true, force: true }));
  /** Somebody at one of the machines. */
  const person = async (name: string, machine: string) => {
    const program = path.join(folder, machine);
    await writeFile(program, browserScript(machine));
    await chmod(program, 0o755);
    return scene.person(name, { browser: { program, trusted: [INSIDE, OUTSIDE] } });
  };
  return { operator, parley, person };
}

async function invitation(operator: Operator, origin: string): Promise<string> {
  const { token } = await operator.invite('blue');
  return `${origin}/r/blue#token=${token}`;
}

function pathOf({ local, remote }: Awaited<ReturnType<Participant['candidatePairs']>>[number]) {
  const kind = local.candidateType === 'relay' ? 'relay' : 'direct';
  return `${kind} ${local.relayProtocol ?? local.protocol} to ${remote.address}`;
}

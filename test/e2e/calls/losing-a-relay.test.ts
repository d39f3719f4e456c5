// People whose media can only travel through relays, and relays that die or are drained under them.
import assert from 'node:assert/strict';
import { type GapWatch, longestGaps } from '../../support/browser/gap-watch.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import { AUTH_TOKEN, entryOf, Operator } from '../../support/server/operator.ts';
import type { Parley } from '../../support/server/parley.ts';
import type { Coturn } from '../../support/turn/coturn.ts';

/** From the death of a relay to pictures again, on a machine that encodes everything in software. */
const A_FREEZE_MS = 12_000;
/** What is asked of a drain. */
const A_MOVE_MS = 1_000;

interface Relays {
  parley: Parley;
  operator: Operator;
  one: Coturn;
  two: Coturn;
  people: [Participant, Participant];
}

story('a relay dies, and everybody who used it goes on through the other', async (scene) => {
  const { operator, one, two, people } = await begin(scene);
  const used = await relaysOf(people);
  // Whichever carries somebody's media.
  const [dead, alive] = used.has(one.address) ? [one, two] : [two, one];
  const gaps = await watch(people);
  const killedAt = Date.now();
  process.kill(dead.process.pid, 'SIGKILL');

  await scene.step('they see and hear each other without a click', async () => {
    await until(
      'everybody to be relayed by the one that is left',
      async () => assert.deepEqual([...(await relaysOf(people))], [alive.address]),
      { withinMs: DEADLINES.mediaRebuilt },
    );
    scene.note(`all on the other relay ${Date.now() - killedAt} ms after the end of the first`);
    await seeAndHear(people);
    for (const gap of gaps) {
      const gapMs = Math.round(await gap.longestGapMs());
      scene.note(`longest gap ${gapMs} ms`);
      assert.ok(gapMs < A_FREEZE_MS, `a picture stood still for ${gapMs} ms`);
    }
  });

  await scene.step('a newcomer is not given the dead one', async () => {
    await operator.shows(dead, 'failed');
    const cy = await scene.person('Cy');
    await cy.join(await invitation(operator));
    await cy.sees('Ann');
    assert.deepEqual([...(await relaysOf([cy]))], [alive.address]);
  });
});

story('a relay is drained, and its calls move without anybody noticing', async (scene) => {
  // Nobody is to be moved to a relay that is called failed because this machine was too busy to hear of it in time.
  const { operator, one, two, people } = await begin(scene, { TURN_PROBE_TIMEOUT_MS: '15000' });
  const used = await relaysOf(people);
  const [leaving, staying] = used.has(one.address) ? [one, two] : [two, one];
  const gaps = await watch(people);
  await operator.drain(leaving, { move: true });

  await scene.step('all calls are on the other one', async () => {
    await until(
      'everybody to be relayed by the one that stays',
      async () => assert.deepEqual([...(await relaysOf(people))], [staying.address]),
      { withinMs: DEADLINES.mediaRebuilt },
    );
    await seeAndHear(people);
    for (const gap of await longestGaps(...gaps)) {
      const gapMs = Math.round(gap);
      scene.note(`longest gap ${gapMs} ms`);
      assert.ok(gapMs < A_MOVE_MS, `a picture stood still for ${gapMs} ms`);
    }
  });

  await scene.step('the operator sees that nobody needs it any more', async () => {
    await until('the drained one to be empty', async () => {
      const { sessions, relayed } = await operator.shows(leaving, 'draining');
      assert.deepEqual([sessions, relayed], [0, 0]);
    });
    await until('both to be counted as relayed', async () => {
      const { paths } = await operator.overview();
      assert.equal(paths.relay, people.length);
    });
  });
});

/** Two relays on hosts of their own, and two people who can use nothing else. */
async function begin(scene: Scene, env: Record<string, string> = {}): Promise<Relays> {
  const [one, two] = (await Promise.all(
    ['127.0.0.1', '127.0.0.2'].map((address) => scene.coturn('secret', { address })),
  )) as [Coturn, Coturn];
  const parley = await scene.parley({
    TURN_POOL: JSON.stringify([entryOf(one), entryOf(two)]),
    AUTH_TOKEN,
    ...env,
  });
  const operator = new Operator(parley.url);
  await Promise.all([operator.shows(one, 'in-service'), operator.shows(two, 'in-service')]);
  const people = [await scene.person('Ann'), await scene.person('Bo')] as [
    Participant,
    Participant,
  ];
  for (const person of people) await person.join(await invitation(operator));
  await seeAndHear(people);
  const allocations = [one, two].map(({ process: { lines } }) => {
    const made = lines.filter((line) => /: new, realm=/.test(line));
    return made.filter((line) => !line.includes('parley-probe')).length;
  });
  scene.note(`two people hold ${allocations.join(' and ')} allocations on the two relays`);
  return { parley, operator, one, two, people };
}

async function invitation(operator: Operator): Promise<string> {
  const url = new URL((await operator.invite('blue')).url);
  url.searchParams.set('relay', '1');
  return url.href;
}

async function seeAndHear([ann, bo]: [Participant, Participant]): Promise<void> {
  await Promise.all([ann.sees('Bo'), bo.sees('Ann'), ann.hears(1), bo.hears(1)]);
}

/** Addresses of the relays that carry their media: each has two connections. */
async function relaysOf(people: readonly Participant[]): Promise<Set<string>> {
  const addresses = new Set<string>();
  for (const person of people) {
    const pairs = await person.candidatePairs();
    assert.ok(pairs.length >= 2, `${person.name} has ${pairs.length} connections`);
    for (const { local } of pairs) {
      assert.equal(local.candidateType, 'relay');
      addresses.add(local.address ?? '');
    }
  }
  return addresses;
}

async function watch([ann, bo]: [Participant, Participant]): Promise<[GapWatch, GapWatch]> {
  return [await ann.watchGaps(ann.tile('Bo')), await bo.watchGaps(bo.tile('Ann'))];
}

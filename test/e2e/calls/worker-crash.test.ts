// A media worker is killed in the middle of a call: its rooms come back by themselves, others never notice.
import assert from 'node:assert/strict';
import { longestGaps } from '../../support/browser/gap-watch.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import type { Parley } from '../../support/server/parley.ts';

/** On a busy machine frames come late with or without a crash; the SSRCs tell the two apart. */
const LATE_FRAME_MS = 2_000;
/** No call is rebuilt faster than this; a watch that saw less was not watching. */
const FREEZE_MS = 200;

interface Room {
  people: [Participant, Participant];
  worker: number;
}

async function talk(scene: Scene, parley: Parley, room: string, names: [string, string]) {
  const people = (await scene.peopleIn(parley.room(room), names)) as [Participant, Participant];
  const [one, other] = people;
  await one.sees(other.name);
  await other.sees(one.name);
  return { people, worker: await workerOf(parley, one) };
}

async function workerOf(parley: Parley, person: Participant): Promise<number> {
  const [pair] = await person.candidatePairs();
  assert.ok(pair?.remote.port, 'there is no candidate pair in use');
  return parley.workerOnUdpPort(pair.remote.port);
}

story('killing a media worker interrupts its own rooms only, and not for long', async (scene) => {
  const parley = await scene.parley({ WORKERS: '2' });
  const hit: Room = await talk(scene, parley, 'hit', ['Ann', 'Bo']);
  const spared: Room = await talk(scene, parley, 'spared', ['Cy', 'Di']);
  assert.notEqual(hit.worker, spared.worker, 'both rooms are on one worker');
  const [ann, bo] = hit.people;
  const [cy, di] = spared.people;
  const atCys = await cy.watchGaps(cy.tile('Di'));
  const atDis = await di.watchGaps(di.tile('Cy'));
  const atAnns = await ann.watchGaps(ann.tile('Bo'));
  const streams = async () => [
    (await cy.video(cy.tile('Di'))).ssrc,
    (await di.video(di.tile('Cy'))).ssrc,
  ];
  const streamsBefore = await streams();

  process.kill(hit.worker, 'SIGKILL');

  await scene.step('the room that was hit sees and hears again, without a click', async () => {
    await until(
      'both to be on another worker',
      async () => {
        for (const person of hit.people) {
          assert.notEqual(await workerOf(parley, person).catch(() => hit.worker), hit.worker);
        }
      },
      { withinMs: DEADLINES.mediaRebuilt },
    );
    await ann.sees('Bo', DEADLINES.mediaRebuilt);
    await bo.sees('Ann', DEADLINES.mediaRebuilt);
    await ann.hears(1);
    await bo.hears(1);
  });

  await scene.step('the other room lost nothing', async () => {
    const hitGapMs = await atAnns.longestGapMs();
    scene.note(`the room that was hit stood still for ${Math.round(hitGapMs)} ms`);
    assert.ok(hitGapMs > FREEZE_MS, 'a freeze that happened was not seen');
    for (const gapMs of await longestGaps(atCys, atDis)) {
      assert.ok(gapMs < LATE_FRAME_MS, `its picture stood still for ${Math.round(gapMs)} ms`);
    }
    assert.deepEqual(await streams(), streamsBefore, 'their streams are others than before');
    await cy.hears(1);
  });

  await scene.step('the worker is replaced, and somebody new gets a call on it', async () => {
    await until('two workers to run', async () => {
      assert.equal((await parley.workerPids()).length, 2);
    });
    const eve = await scene.person('Eve');
    await eve.join(parley.room('hit'));
    await eve.sees('Ann');
    await ann.sees('Eve');
  });
});

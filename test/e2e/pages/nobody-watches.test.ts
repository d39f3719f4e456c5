// Pictures that nobody sees cost nothing: a hidden tab, a room of one, a small tile. A screen stays sharp.
import assert from 'node:assert/strict';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import {
  comesBackSharp,
  layersSent,
  receivesNoPicture,
  setHidden,
} from '../../support/sdk/sent-pictures.ts';

function sends(person: Participant, layers: readonly string[]): Promise<void> {
  return until(
    `${person.name} to send ${layers.join()}`,
    async () => assert.deepEqual(await layersSent(person), layers),
    { withinMs: DEADLINES.media },
  );
}

story('a hidden tab receives no picture, and nobody sends one for it', async (scene) => {
  const parley = await scene.parley();
  const [ann, ben] = (await scene.peopleIn(parley.room('tab'), ['Ann', 'Ben'])) as [
    Participant,
    Participant,
  ];
  let lines = 0;
  await scene.step('a camera is sent as large as its tile is', async () => {
    await Promise.all([ann.sees('Ben'), ben.sees('Ann')]);
    await sends(ben, ['r0', 'r1']);
    lines = (await ann.video(ann.tile('Ben'))).height;
  });
  await scene.step(
    'another tab comes in front of one: no picture arrives, sound does',
    async () => {
      await setHidden(ann, true);
      await receivesNoPicture(ann);
      await sends(ben, []);
      await ann.hears(1);
      await ben.sees('Ann');
    },
  );
  await scene.step('back in front, the picture is as sharp as before', async () => {
    const ms = await comesBackSharp(ann.tile('Ben'), lines);
    scene.note(`${lines} lines were back after ${Math.round(ms)} ms`);
    await ann.sees('Ben');
  });
  await scene.step('and a short look at another tab costs nothing', async () => {
    await setHidden(ann, true);
    await setHidden(ann, false);
    await ann.sees('Ben');
  });
});

story('the camera of somebody alone sends nothing until another one comes', async (scene) => {
  const parley = await scene.parley();
  const ann = await scene.person('Ann');
  await ann.join(parley.room('alone'));
  await sends(ann, []);
  const ben = await scene.person('Ben');
  await ben.join(parley.room('alone'));
  await Promise.all([ben.sees('Ann'), ann.sees('Ben')]);
  await ben.leave();
  await sends(ann, []);
});

story(
  'a screen is sent whole, however small its tile, and though nobody looks at it',
  async (scene) => {
    const parley = await scene.parley();
    const [ann, ben] = (await scene.peopleIn(parley.room('screen'), ['Ann', 'Ben'])) as [
      Participant,
      Participant,
    ];
    await ann.toggle('Share screen', true);
    await ben.seesMoving(ben.screenOf('Ann'));
    // The same message asks for less of both: two layers of the screen stay, and the lowest one of the camera.
    await ben.page.setViewportSize({ width: 360, height: 300 });
    await sends(ann, ['r0', 'r0', 'r1']);
    await setHidden(ben, true);
    await receivesNoPicture(ben);
    await sends(ann, ['r0', 'r1']);
    await setHidden(ben, false);
    await ben.seesMoving(ben.screenOf('Ann'));
  },
);

// Whoever cannot or will not share camera and microphone is told why, and still sees and hears the others.
import { machineHasDevices, NOT_LOCALHOST } from '../../support/browser/chromium.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import type { Parley } from '../../support/server/parley.ts';

/** They watch, listen and write, and the other one knows that they are there. */
async function takesPartUnseen(watcher: Participant, other: Participant): Promise<void> {
  await watcher.sees(other.name);
  await watcher.hears(1);
  await other.seesNoPicture(other.tile(watcher.name));
  await watcher.sendChat('I can see you');
  await other.readsInChat('I can see you');
}

function says(person: Participant, text: RegExp): Promise<void> {
  return person.page.getByText(text).first().waitFor();
}

story('permission denied: the page says what to do, and one can join and watch', async (scene) => {
  const parley = await scene.parley();
  const [ann] = await scene.peopleIn(parley.room('blue'), ['Ann']);
  const bo = await scene.person('Bo', { devices: 'denied' });
  await bo.open(parley.room('blue'));
  await says(bo, /blocks the camera and microphone/i);
  await bo.clickJoin();
  await takesPartUnseen(bo, ann!);
});

story('no camera: the page says so, and one is heard without being seen', async (scene) => {
  const parley = await scene.parley();
  const [ann] = await scene.peopleIn(parley.room('blue'), ['Ann']);
  const bo = await scene.person('Bo', { devices: 'no-camera' });
  await bo.open(parley.room('blue'));
  await says(bo, /no camera was found/i);
  await bo.clickJoin();
  await takesPartUnseen(bo, ann!);
  await ann!.hears(1);
});

story(
  'no camera and no microphone: the page says so, and one can join and watch',
  async (scene) => {
    const parley = await scene.parley();
    const [ann] = await scene.peopleIn(parley.room('blue'), ['Ann']);
    const bo = await scene.person('Bo', { devices: 'own' });
    await bo.open(parley.room('blue'));
    await says(bo, /no camera or microphone was found/i);
    await bo.clickJoin();
    await takesPartUnseen(bo, ann!);
  },
  { skip: machineHasDevices() && 'this machine has a camera or a microphone' },
);

story(
  'an insecure address: the page says what is wrong, and one can join and watch',
  async (scene) => {
    const parley = await scene.parley();
    const [ann] = await scene.peopleIn(parley.room('blue'), ['Ann']);
    const bo = await scene.person('Bo');
    await bo.open(insecure(parley, 'blue'));
    await says(bo, /only on addresses that begin with https/i);
    await bo.clickJoin();
    await takesPartUnseen(bo, ann!);
  },
);

/** Plain http, and not localhost: browsers give no camera there. */
function insecure(parley: Parley, room: string): string {
  const url = new URL(parley.room(room));
  url.hostname = NOT_LOCALHOST;
  return url.href;
}

story('camera and microphone are switched off and on again in the call', async (scene) => {
  const parley = await scene.parley();
  const people = await scene.peopleIn(parley.room('blue'), ['Ann', 'Bo']);
  const [ann, bo] = people as [Participant, Participant];
  await ann.sees('Bo');

  await scene.step('without the camera there is no picture', async () => {
    await bo.toggle('Camera', false);
    await ann.seesNoPicture(ann.tile('Bo'));
    await bo.toggle('Camera', true);
    await ann.sees('Bo');
  });

  await scene.step('without the microphone there is no sound', async () => {
    await ann.hears(1);
    await bo.toggle('Microphone', false);
    await ann.hearsNobody();
    await bo.toggle('Microphone', true);
    await ann.hears(1);
  });
});

// Every page by the rules that axe-core can check, by keyboard alone, and on a phone.
import assert from 'node:assert/strict';
import { violations } from '../../support/browser/axe.ts';
import { tabTo } from '../../support/browser/keyboard.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type PersonOptions, story } from '../../support/browser/scene.ts';

type Window = NonNullable<PersonOptions['window']>;

const PHONE_SCREEN = { width: 390, height: 844 };
const PHONE: Window = { viewport: PHONE_SCREEN, isMobile: true, hasTouch: true };
const WINDOWS: Readonly<Record<string, Window>> = {
  'a wide screen in light colours': { colorScheme: 'light' },
  'a wide screen in dark colours': { colorScheme: 'dark' },
  'a phone': PHONE,
};
/** What a finger can hit; see look.md and WCAG 2.5.5. CSS pixels. */
const TOUCH_TARGET = 44;

async function isAccessible(person: Participant, page: string): Promise<void> {
  assert.deepEqual(await violations(person.page), [], page);
}

for (const [where, window] of Object.entries(WINDOWS)) {
  story(`no page has a barrier that axe-core can find, on ${where}`, async (scene) => {
    const parley = await scene.parley();
    const [bo] = (await scene.peopleIn(parley.room('blue'), ['Bo'])) as [Participant];
    const ann = await scene.person('Ann', { window });

    await scene.step('the start page', async () => {
      await ann.page.goto(parley.url);
      await ann.page.getByRole('heading', { level: 1 }).waitFor();
      await isAccessible(ann, 'start page');
    });
    await scene.step('before the call', async () => {
      await ann.open(parley.room('blue'));
      await isAccessible(ann, 'before the call');
    });
    await scene.step('in the call', async () => {
      await ann.clickJoin();
      await ann.sees('Bo');
      await isAccessible(ann, 'in the call');
    });
    await scene.step('with the chat open', async () => {
      await ann.sendChat('Hello');
      await ann.readsInChat('Hello');
      await isAccessible(ann, 'with the chat open');
      await ann.page.getByRole('complementary').getByRole('button', { name: 'Close' }).click();
    });
    await scene.step('with a screen on the stage', async () => {
      await bo.toggle('Share screen', true);
      await ann.seesMoving(ann.screenOf('Bo'));
      await isAccessible(ann, 'with a screen on the stage');
    });
    await scene.step('after the call', async () => {
      await ann.leave();
      await isAccessible(ann, 'after the call');
    });
  });
}

story('one joins, chats and leaves with the keyboard alone', async (scene) => {
  const parley = await scene.parley();
  const [bo] = (await scene.peopleIn(parley.room('blue'), ['Bo'])) as [Participant];
  const ann = await scene.person('Ann');
  const { keyboard } = ann.page;

  await ann.page.goto(parley.room('blue'));
  await tabTo(ann.page.getByRole('textbox', { name: 'Your name' }));
  await keyboard.type('Ann');
  await keyboard.press('Enter');
  await ann.sees('Bo');

  await tabTo(ann.button('Microphone'));
  await keyboard.press('Space');
  assert.equal(await ann.button('Microphone').getAttribute('aria-pressed'), 'false');
  await bo.hearsNobody();

  await tabTo(ann.button('Chat'));
  await keyboard.press('Enter');
  await tabTo(ann.page.getByRole('textbox', { name: 'Message' }));
  await keyboard.type('No mouse needed');
  await keyboard.press('Enter');
  await bo.readsInChat('No mouse needed');

  await tabTo(ann.button('Leave'));
  await keyboard.press('Enter');
  await ann.button('Leave').waitFor({ state: 'detached' });
  await bo.tile('Ann').waitFor({ state: 'detached' });
});

story('a call fits on a phone, within reach of a thumb', async (scene) => {
  const parley = await scene.parley();
  const ann = await scene.person('Ann', { window: PHONE });
  await ann.open(parley.room('blue'));
  await ann.page.getByRole('button', { name: 'Join', exact: true }).tap();
  const [bo] = (await scene.peopleIn(parley.room('blue'), ['Bo'])) as [Participant];
  await ann.sees('Bo');
  await bo.sees('Ann');

  await scene.step('nothing has to be scrolled sideways', async () => {
    const overflow = await ann.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(overflow, 0);
  });
  await scene.step('every button of the toolbar is on the screen and large enough', async () => {
    const { width, height } = PHONE_SCREEN;
    for (const name of ['Microphone', 'Camera', 'Chat', 'Leave'] as const) {
      const box = await ann.button(name).boundingBox();
      assert.ok(box, `${name} is not shown`);
      assert.ok(box.width >= TOUCH_TARGET && box.height >= TOUCH_TARGET, `${name} is too small`);
      assert.ok(box.x >= 0 && box.x + box.width <= width, `${name} is beside the screen`);
      assert.ok(box.y >= height / 2 && box.y + box.height <= height, `${name} is out of reach`);
    }
  });
  await scene.step('and works by touch', async () => {
    await ann.button('Camera').tap();
    await bo.seesNoPicture(bo.tile('Ann'));
    await ann.button('Leave').tap();
    await bo.tile('Ann').waitFor({ state: 'detached' });
  });
});

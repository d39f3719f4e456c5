// Switches and questions that are answered late: while a call begins, or after it was left.
import assert from 'node:assert/strict';
import { installDeviceHooks } from '../../support/browser/hooks/device-hooks.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';

/** Each way; a join takes several round trips. */
const SLOW_MS = 400;

const live = (person: Participant) => person.page.evaluate(() => window.parleyDevices.live());

function isAsked(person: Participant): Promise<void> {
  return until('the question to be open', async () =>
    assert.ok((await person.page.evaluate(() => window.parleyDevices.held())) > 0),
  );
}

function nothingIsCaptured(person: Participant): Promise<void> {
  return until('nothing to be captured', async () => assert.deepEqual(await live(person), []));
}

story(
  'camera and microphone off and on while "Joining…": the others see and hear',
  async (scene) => {
    const parley = await scene.parley();
    const [ann] = await scene.peopleIn(parley.room('blue'), ['Ann']);
    const relay = await scene.relay(parley.room('blue'), { delayMs: SLOW_MS });
    const slow = new URL(new URL(parley.room('blue')).pathname, relay.url).href;
    const bo = await scene.person('Bo');
    await bo.open(slow);
    await until('the devices to be open', async () =>
      assert.equal(await bo.button('Camera').getAttribute('aria-pressed'), 'true'),
    );
    // With all of the page there, the join begins with the click, and with the tracks of then.
    await bo.page.waitForLoadState('networkidle');
    await bo.page.getByRole('button', { name: 'Join', exact: true }).click();
    for (const name of ['Camera', 'Microphone'] as const) {
      await bo.button(name).click();
      await bo.button(name).click();
    }
    assert.equal(await bo.button('Leave').count(), 0, 'the join was faster than the switches');
    await bo.button('Leave').waitFor();
    await ann!.sees('Bo');
    await ann!.hears(1);
    assert.equal(await bo.button('Camera').getAttribute('aria-pressed'), 'true');
  },
);

story('a camera that is switched off while "Joining…" is not seen', async (scene) => {
  const parley = await scene.parley();
  const [ann] = await scene.peopleIn(parley.room('blue'), ['Ann']);
  const relay = await scene.relay(parley.room('blue'), { delayMs: SLOW_MS });
  const bo = await scene.person('Bo');
  await bo.open(new URL(new URL(parley.room('blue')).pathname, relay.url).href);
  await until('the devices to be open', async () =>
    assert.equal(await bo.button('Camera').getAttribute('aria-pressed'), 'true'),
  );
  // With all of the page there, the join begins with the click, and with the tracks of then.
  await bo.page.waitForLoadState('networkidle');
  await bo.page.getByRole('button', { name: 'Join', exact: true }).click();
  await bo.button('Camera').click();
  await bo.button('Microphone').click();
  assert.equal(await bo.button('Leave').count(), 0, 'the join was faster than the switches');
  await bo.button('Leave').waitFor();
  await ann!.seesNoPicture(ann!.tile('Bo'));
  await ann!.hearsNobody();
  assert.equal(await bo.page.getByText(/not in the call any more/).count(), 0);
});

story(
  'a screen that is picked after Leave is not captured, nor in the next call',
  async (scene) => {
    const parley = await scene.parley();
    const [ann] = await scene.peopleIn(parley.room('blue'), ['Ann']);
    const bo = await scene.person('Bo');
    await bo.page.addInitScript(installDeviceHooks);
    await bo.join(parley.room('blue'));
    await bo.page.evaluate(() => window.parleyDevices.hold());
    await bo.button('Share screen').click();
    await isAsked(bo);
    await bo.leave();
    await bo.page.evaluate(() => window.parleyDevices.answer());
    await nothingIsCaptured(bo);
    await bo.page.getByRole('button', { name: /join again|rejoin/i }).click();
    await bo.clickJoin();
    await ann!.sees('Bo');
    assert.equal(await bo.button('Share screen').getAttribute('aria-pressed'), 'false');
    assert.equal(await ann!.screenOf('Bo').count(), 0);
  },
);

story(
  'a camera that is allowed after the page before the call was left is not captured',
  async (scene) => {
    const parley = await scene.parley();
    const bo = await scene.person('Bo');
    await bo.page.addInitScript(installDeviceHooks);
    await bo.page.addInitScript(() => window.parleyDevices.hold());
    await bo.open(parley.room('blue'));
    await isAsked(bo);
    await bo.page
      .getByRole('link', { name: /parley/i })
      .first()
      .click();
    await bo.page.getByRole('textbox', { name: 'Your name' }).waitFor({ state: 'detached' });
    await bo.page.evaluate(() => window.parleyDevices.answer());
    await nothingIsCaptured(bo);
  },
);

story('a camera that is allowed after it was switched off is not captured', async (scene) => {
  const parley = await scene.parley();
  const bo = await scene.person('Bo');
  await bo.page.addInitScript(installDeviceHooks);
  await bo.join(parley.room('blue'));
  for (const name of ['Camera', 'Microphone'] as const) await bo.toggle(name, false);
  await bo.page.evaluate(() => window.parleyDevices.hold());
  await bo.button('Camera').click();
  await isAsked(bo);
  await bo.button('Camera').click();
  await bo.page.evaluate(() => window.parleyDevices.answer());
  await until('no picture to be captured', async () =>
    assert.deepEqual(
      (await live(bo)).filter((kind) => kind === 'video'),
      [],
    ),
  );
});

// A page that is older than the server: the files of its late parts are gone since a release.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { installDeviceHooks } from '../../support/browser/hooks/device-hooks.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';

/** The files of this page are gone until it is loaded anew. @param part how their names begin */
async function outdate(page: Page, part: RegExp): Promise<void> {
  let reloaded = false;
  page.on('request', (request) => {
    if (request.isNavigationRequest()) reloaded = true;
  });
  await page.route(part, (route) =>
    reloaded ? route.continue() : route.fulfill({ status: 404, body: 'gone' }),
  );
}

story('Leave, then Home, on a page that is older than the server: the home page', async (scene) => {
  const parley = await scene.parley();
  const ann = await scene.person('Ann');
  await ann.join(`${parley.url}r/blue`);
  await outdate(ann.page, /home-page/);
  await ann.page.getByRole('button', { name: 'Leave' }).click();
  await ann.page.getByRole('link', { name: 'Home' }).click();
  await ann.page.getByRole('textbox', { name: 'Room name' }).waitFor();
});

story('a part that stays away says so, and leads on', async (scene) => {
  const parley = await scene.parley();
  const ann = await scene.person('Ann');
  await ann.page.route(/home-page/, (route) => route.fulfill({ status: 404, body: 'gone' }));
  await ann.page.goto(parley.url);
  await ann.page.getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
  await ann.page.unroute(/home-page/);
  await ann.page.getByRole('button', { name: 'Try again' }).click();
  await ann.page.getByRole('textbox', { name: 'Room name' }).waitFor();
});

story('a late part that is gone during a call does not end the call', async (scene) => {
  const parley = await scene.parley();
  const ann = await scene.person('Ann');
  let loads = 0;
  ann.page.on('request', (request) => {
    if (request.isNavigationRequest()) loads++;
  });
  await ann.page.route(/\/qr-/, (route) => route.fulfill({ status: 404, body: 'gone' }));
  await ann.join(`${parley.url}r/blue`);
  await ann.page.getByRole('alert').getByText('comes with your next call').waitFor();
  await ann.page.getByRole('button', { name: 'Leave' }).waitFor();
  assert.equal(loads, 1, 'the page was loaded again');
});

story('rooms in any script, told apart', async (scene) => {
  const parley = await scene.parley();
  const [ann, bo] = await Promise.all([scene.person('Ann'), scene.person('Bo')]);
  await ann.page.goto(parley.url);
  await ann.page.getByRole('textbox', { name: 'Room name' }).fill('Команда 5');
  await ann.page.getByRole('button', { name: 'Start a call' }).click();
  await ann.page.waitForURL(/\/r\/%D0%BA/);
  await ann.join(ann.page.url());
  await bo.join(`${parley.url}r/${encodeURIComponent('отдел-5')}`);
  await bo.page.getByText('You are the only one here').waitFor();
  await ann.page.getByText('You are the only one here').waitFor();
  await ann.page.getByTitle('команда-5').waitFor();
});

const unplugCamera = (person: Participant) =>
  person.page.evaluate(async () => {
    const [camera = ''] = await window.parleyDevices.plugged('videoinput');
    window.parleyDevices.unplug(camera);
    return camera;
  });

const cameraIs = (person: Participant, on: boolean) =>
  until(`the camera to be shown ${on ? 'on' : 'off'}`, async () =>
    assert.equal(await person.button('Camera').getAttribute('aria-pressed'), String(on)),
  );

story('a camera that is lost and back before the page knows what to do then', async (scene) => {
  const parley = await scene.parley();
  const [ann] = (await scene.peopleIn(parley.room('blue'), ['Ann'])) as [Participant];
  const bo = await scene.person('Bo');
  const gate = Promise.withResolvers<void>();
  await bo.page.route(/\/recovery-/, async (route) => {
    await gate.promise;
    await route.continue();
  });
  await bo.page.addInitScript(installDeviceHooks);
  await bo.join(parley.room('blue'));
  await ann.sees('Bo');
  const camera = await unplugCamera(bo);
  await cameraIs(bo, false);
  await bo.page.evaluate((id) => window.parleyDevices.plug(id), camera);
  gate.resolve();
  await cameraIs(bo, true);
  await ann.sees('Bo');
});

story(
  'what devices do when they are lost is gone from the server: the call goes on',
  async (scene) => {
    const parley = await scene.parley();
    const [ann] = (await scene.peopleIn(parley.room('blue'), ['Ann'])) as [Participant];
    const bo = await scene.person('Bo');
    await bo.page.route(/\/recovery-/, (route) => route.fulfill({ status: 404, body: 'gone' }));
    await bo.page.addInitScript(installDeviceHooks);
    await bo.join(parley.room('blue'));
    await ann.sees('Bo');
    const camera = await unplugCamera(bo);
    await cameraIs(bo, false);
    await ann.hears(1);
    await bo.page.evaluate((id) => window.parleyDevices.plug(id), camera);
    await bo.button('Camera').click();
    await cameraIs(bo, true);
    await ann.sees('Bo');
  },
);

// Devices that are unplugged, used elsewhere, muted or taken back during a call.
import assert from 'node:assert/strict';
import { installDeviceHooks } from '../../support/browser/hooks/device-hooks.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';

/** Chromium's second made-up camera measures depth, which is nothing to encode. */
const OTHER_CAMERA = 2;

/** Ann, and Bo whose devices the test can change, in one room. */
async function annAndBo(scene: Scene): Promise<[Participant, Participant]> {
  const parley = await scene.parley();
  const [ann] = await scene.peopleIn(parley.room('blue'), ['Ann']);
  const bo = await scene.person('Bo', { browser: { cameras: 3 } });
  await bo.page.addInitScript(installDeviceHooks);
  await bo.join(parley.room('blue'));
  assert.ok(ann);
  await ann.sees('Bo');
  return [ann, bo];
}

async function says(person: Participant, text: RegExp): Promise<void> {
  await person.page.getByText(text).first().waitFor();
}

/** The marks on buttons that something else hides, wholly or in part. */
const coveredBadges = ({ page }: Participant) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.control-badge')].flatMap((badge) => {
      const { left, top, width, height } = badge.getBoundingClientRect();
      const points = [0.2, 0.5, 0.8].map(
        (part) => [left + part * width, top + height / 2] as const,
      );
      const covered = points.some(([x, y]) => document.elementFromPoint(x, y) !== badge);
      return covered ? [badge.parentElement?.getAttribute('aria-label')] : [];
    }),
  );

function pressed(person: Participant, name: 'Microphone' | 'Camera', value: boolean) {
  return until(`${name} to be shown ${value ? 'on' : 'off'}`, async () =>
    assert.equal(await person.button(name).getAttribute('aria-pressed'), String(value)),
  );
}

const remembered = (person: Participant) =>
  person.page.evaluate(() => localStorage.getItem('parley.devices') ?? '{}');

async function chooseIn(person: Participant, menu: string, index: number): Promise<string> {
  await person.page.getByRole('button', { name: menu }).click();
  const item = person.page.getByRole('menuitemradio').nth(index);
  const label = await item.innerText();
  await item.click();
  return label;
}

story('a camera that another program uses is chosen: the one before goes on', async (scene) => {
  const [ann, bo] = await annAndBo(scene);
  await bo.page.evaluate(async () => {
    const cameras = await window.parleyDevices.plugged('videoinput');
    window.parleyDevices.occupy(cameras[2] ?? '');
  });
  const before = await bo.page.evaluate(() => window.parleyDevices.open());
  const choice = await remembered(bo);
  await chooseIn(bo, 'Video devices', OTHER_CAMERA);
  await says(bo, /is used by another app\. Your camera goes on with the one before/);
  assert.deepEqual(await bo.page.evaluate(() => window.parleyDevices.open()), before);
  assert.equal(await remembered(bo), choice);
  await pressed(bo, 'Camera', true);
  await ann.sees('Bo');

  await scene.step('a microphone that another program uses', async () => {
    await bo.page.evaluate(async () => {
      const microphones = await window.parleyDevices.plugged('audioinput');
      window.parleyDevices.occupy(microphones[2] ?? '');
    });
    await bo.page.getByRole('button', { name: 'Sound devices' }).click();
    await bo.page.getByRole('menuitemradio').nth(2).click();
    await says(bo, /is used by another app\. Your microphone goes on with the one before/);
    assert.deepEqual(await bo.page.evaluate(() => window.parleyDevices.open()), before);
    await ann.hearsOneVoice();
  });

  await scene.step('free again, it is taken and remembered', async () => {
    const second = await bo.page.evaluate(async () => {
      const cameras = await window.parleyDevices.plugged('videoinput');
      window.parleyDevices.occupy(cameras[2] ?? '', false);
      return cameras[2] ?? '';
    });
    await chooseIn(bo, 'Video devices', OTHER_CAMERA);
    await until('the choice to be remembered', async () =>
      assert.match(await remembered(bo), new RegExp(second)),
    );
    await ann.sees('Bo');
  });
});

story('a microphone that is unplugged and plugged in again is used again', async (scene) => {
  const [ann, bo] = await annAndBo(scene);
  const mine = await bo.page.evaluate(async () => {
    const ids = await window.parleyDevices.plugged('audioinput');
    return ids[1] ?? '';
  });
  const isOpen = (deviceId: string) => async () => {
    const open = await bo.page.evaluate(() => window.parleyDevices.open());
    assert.ok(open.includes(deviceId), `open: ${open}`);
  };
  await chooseIn(bo, 'Sound devices', 1);
  await until('the chosen one to be open', isOpen(mine));
  await bo.page.evaluate((id) => window.parleyDevices.unplug(id), mine);
  await says(bo, /Your microphone was unplugged\..* is used now/);
  await ann.hearsOneVoice();
  assert.match(await remembered(bo), new RegExp(mine), 'the preference was lost');
  await bo.page.evaluate((id) => window.parleyDevices.plug(id), mine);
  await until('the preferred one to be open', isOpen(mine));
  await says(bo, /is used as your microphone now/);
  await ann.hearsOneVoice();
});

story('the only microphone and camera are unplugged and plugged in again', async (scene) => {
  const [ann, bo] = await annAndBo(scene);
  const all = await bo.page.evaluate(async () => [
    ...(await window.parleyDevices.plugged('audioinput')),
    ...(await window.parleyDevices.plugged('videoinput')),
  ]);
  await bo.page.evaluate((ids) => {
    for (const id of ids) window.parleyDevices.unplug(id);
  }, all);
  await pressed(bo, 'Microphone', false);
  await pressed(bo, 'Camera', false);
  await ann.seesNoPicture(ann.tile('Bo'));
  await bo.page.evaluate((ids) => {
    for (const id of ids) window.parleyDevices.plug(id);
  }, all);
  await pressed(bo, 'Microphone', true);
  await pressed(bo, 'Camera', true);
  await ann.sees('Bo');
  await ann.hearsOneVoice();
});

story(
  'a permission that was taken back is called that, and works once it is given',
  async (scene) => {
    const [ann, bo] = await annAndBo(scene);
    await bo.page.evaluate(() => window.parleyDevices.permit('microphone', 'denied'));
    await says(bo, /The permission for your microphone was taken back/);
    assert.equal(await bo.page.getByText(/unplugged/).count(), 0);
    await pressed(bo, 'Microphone', false);
    await ann.hearsNobody();
    await bo.page.evaluate(() => window.parleyDevices.permit('microphone', 'granted'));
    await pressed(bo, 'Microphone', true);
    await ann.hearsOneVoice();
  },
);

story('what the system mutes is shown as muted, here and to the others', async (scene) => {
  const [ann, bo] = await annAndBo(scene);
  await bo.page.evaluate(() => window.parleyDevices.mute('audio', true));
  await says(bo, /Your microphone is muted by your system or by a button on your headset/);
  await pressed(bo, 'Microphone', false);
  await ann.hearsNobody();
  await bo.page.evaluate(() => window.parleyDevices.mute('audio', false));
  await pressed(bo, 'Microphone', true);
  await ann.hearsOneVoice();

  await scene.step('a camera behind its cover', async () => {
    await bo.page.evaluate(() => window.parleyDevices.mute('video', true));
    await says(bo, /Your camera is switched off by your system or by its cover/);
    await pressed(bo, 'Camera', false);
    await ann.seesNoPicture(ann.tile('Bo'));
    await bo.seesNoPicture(bo.tile('Bo'));
    assert.deepEqual(await coveredBadges(bo), []);
    await bo.page.evaluate(() => window.parleyDevices.mute('video', false));
    await pressed(bo, 'Camera', true);
    await ann.sees('Bo');
  });
});

story('what the system mutes is said before the call and on the check page', async (scene) => {
  const parley = await scene.parley();
  const [ann] = (await scene.peopleIn(parley.room('blue'), ['Ann'])) as [Participant];
  const bo = await scene.person('Bo');
  await bo.page.addInitScript(installDeviceHooks);
  const mute = async (muted: boolean) => {
    await bo.page.evaluate((value) => {
      window.parleyDevices.mute('audio', value);
      window.parleyDevices.mute('video', value);
    }, muted);
  };
  const silenced = [
    /Your microphone is muted by your system/,
    /Your camera is switched off by your/,
  ];
  const isSaid = async (said: boolean) => {
    for (const text of silenced) {
      const words = bo.page.locator('main').getByText(text);
      await words.first().waitFor({ state: said ? 'visible' : 'detached' });
    }
  };

  await scene.step('on the check page, while it lasts', async () => {
    await bo.page.goto(`${parley.url}check`);
    const list = bo.page.getByRole('list', { name: 'What was checked' });
    await list.getByText('It works.', { exact: false }).first().waitFor();
    await mute(true);
    await isSaid(true);
    await bo.page
      .getByText(/^Problem: /)
      .first()
      .waitFor({ state: 'attached' });
    await mute(false);
    await isSaid(false);
  });

  await scene.step('before the call, while it lasts', async () => {
    await bo.open(parley.room('blue'));
    const summary = (text: string) => bo.page.getByText(text, { exact: true }).waitFor();
    await summary('People will see and hear you.');
    await mute(true);
    await isSaid(true);
    await summary('People will neither see nor hear you. You see and hear them.');
    await pressed(bo, 'Microphone', false);
    const rows = await Promise.all(
      (['Microphone', 'Camera'] as const).map(
        async (name) => (await bo.button(name).boundingBox())?.y,
      ),
    );
    assert.equal(rows[0], rows[1], 'the switches are not side by side');
    assert.deepEqual(await coveredBadges(bo), []);
    await mute(false);
    await isSaid(false);
    await summary('People will see and hear you.');
  });

  await scene.step('who joins muted is muted for the others', async () => {
    await mute(true);
    await isSaid(true);
    await bo.clickJoin();
    await ann.seesNoPicture(ann.tile('Bo'));
    await ann.hearsNobody();
    await mute(false);
    await ann.sees('Bo');
    await ann.hearsOneVoice();
  });
});

story(
  'a chosen speaker that disappears gives way to the default one, and comes back',
  async (scene) => {
    const [, bo] = await annAndBo(scene);
    const speakers = await bo.page.evaluate(() => window.parleyDevices.plugged('audiooutput'));
    const chosen = speakers.at(-1) ?? '';
    assert.ok(chosen, 'Chromium has a made-up speaker');
    await bo.page.getByRole('button', { name: 'Sound devices' }).click();
    await bo.page.getByRole('menuitemradio').last().click();
    const playOn = (sink: string) =>
      until(`the sound to come out of "${sink}"`, async () => {
        const sinks = await bo.page
          .locator('audio')
          .evaluateAll((all) => all.map((audio) => (audio as HTMLAudioElement).sinkId));
        assert.ok(sinks.length > 0 && sinks.every((id) => id === sink), `${sinks}`);
      });
    await playOn(chosen);
    await bo.page.evaluate((id) => window.parleyDevices.unplug(id), chosen);
    await says(bo, /Your speaker .* is gone/);
    await playOn('');
    assert.match(await remembered(bo), new RegExp(chosen), 'the preference was lost');
    await bo.page.evaluate((id) => window.parleyDevices.plug(id), chosen);
    await says(bo, /Your speaker .* is back/);
    await playOn(chosen);
  },
);

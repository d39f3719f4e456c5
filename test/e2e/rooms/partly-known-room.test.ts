// A room of which the page knows a part: a count, names that are found, pictures that are paged to, and whoever speaks.
import assert from 'node:assert/strict';
import { FEATURES, SIGNALING_PATH } from '../../../shared/protocol/protocol.ts';
import { story } from '../../support/browser/scene.ts';
import { inTurns } from '../../support/process/in-turns.ts';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const AUDIENCE = 130;
/** The last ones who came have a picture: nobody knows them from the start. */
const PICTURED = 40;
const LIMITS = {
  ...{ WHOLE_ROSTER_UP_TO: '20', MAX_PARTICIPANTS_PER_ROOM: '200' },
  ...{ EVERY_VOICE_UP_TO: '1', VOICES: '2', READY_VOICES: '2', PICTURES: '4' },
};
const JOINS_AT_ONCE = 5;

story(
  'in a room of 130 the page counts all, finds each, and pages to every picture',
  async (scene, t) => {
    const parley = await scene.parley(LIMITS);
    const signaling = new URL(SIGNALING_PATH, parley.url.replace('http', 'ws')).href;
    const audience: RawClient[] = [];
    await inTurns(AUDIENCE, JOINS_AT_ONCE, async (index) => {
      const one = await RawClient.open(t, signaling);
      const name = `Listener ${index + 1}`;
      const { media } = await one.join('hall', { name, features: [...FEATURES] });
      audience.push(one);
      if (index < AUDIENCE - PICTURED) return;
      await one.request('publish', publication(media.epoch, { source: 'camera' }));
    });
    const [ann] = await scene.peopleIn(parley.room('hall'), ['Ann']);
    assert.ok(ann);
    const { page } = ann;
    const button = (count: number) =>
      page.getByRole('button', { name: `Participants (${count})`, exact: true });
    const listed = (name: string) => page.locator('bdi').getByText(name, { exact: true });

    await scene.step('the page says how many there are', async () => {
      await button(AUDIENCE + 1).waitFor();
    });
    await scene.step('who comes or goes changes the number', async () => {
      await audience[0]!.request('leave', {});
      await button(AUDIENCE).waitFor();
    });
    await scene.step(
      'somebody whom the page does not know is found by a part of the name',
      async () => {
        assert.equal(await ann.tile('Listener 77').count(), 0);
        await button(AUDIENCE).click();
        await page.getByRole('searchbox', { name: 'Search participants' }).fill('ener 77');
        await page.getByText('1 found', { exact: true }).waitFor();
        await listed('Listener 77').waitFor();
        await button(AUDIENCE).click();
        await listed('Listener 77').waitFor({ state: 'detached' });
      },
    );
    await scene.step('turning the pages shows every picture there is', async () => {
      const pages = page.getByRole('navigation', { name: 'Pages of people' });
      const next = pages.getByRole('button', { name: 'Next people' });
      const seen = new Set<string>();
      for (let shown = 1; ; shown++) {
        await pages.getByText(new RegExp(`^Page ${shown} of`)).waitFor();
        await until('the names of all on the page', async () => {
          assert.equal(await page.locator('.tile-waiting').count(), 0);
          for (const text of await page.getByRole('article').allInnerTexts()) {
            seen.add(/Listener \d+/.exec(text)?.[0] ?? '');
          }
        });
        if (await next.isDisabled()) break;
        await next.click();
      }
      const missing = Array.from({ length: PICTURED }, (_, n) => `Listener ${AUDIENCE - n}`).filter(
        (name) => !seen.has(name),
      );
      assert.deepEqual(missing, []);
    });
    await scene.step(
      'somebody of the audience speaks: they are heard, and seen by name',
      async () => {
        const speaker = await Person.join(t, parley.url, 'hall', 'Zoe');
        speaker.speaks(true);
        await ann.hearsOneVoice();
        await ann.tile('Zoe').waitFor();
      },
    );
  },
);

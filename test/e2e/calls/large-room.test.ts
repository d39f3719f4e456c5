// A room with more participants than a page shows: whoever speaks comes into view, is heard, and is seen.
import assert from 'node:assert/strict';
import { SIGNALING_PATH } from '../../../shared/protocol/protocol.ts';
import { story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

/** With these and two more there are two pages. */
const SILENT = 17;
/** Fewer than there are, so that everything has to be asked for. */
const LIMITS = { EVERY_VOICE_UP_TO: '1', VOICES: '2', READY_VOICES: '2', PICTURES: '1' };

story(
  'in a room with two pages of participants, whoever speaks comes into view',
  async (scene, t) => {
    const parley = await scene.parley(LIMITS);
    const signaling = new URL(SIGNALING_PATH, parley.url.replace('http', 'ws')).href;
    const [ann] = await scene.peopleIn(parley.room('hall'), ['Ann']);
    assert.ok(ann);
    for (let n = 1; n <= SILENT; n++) {
      const silent = await RawClient.open(t, signaling);
      const { media } = await silent.join('hall', { name: `Listener ${n}` });
      // Without a picture they would make room for hers.
      await silent.request('publish', publication(media.epoch, { source: 'camera' }));
    }
    const speaker = await Person.join(t, parley.url, 'hall', 'Zoe');
    speaker.speaks(false);
    const pages = ann.page.getByRole('navigation', { name: 'Pages of people' });

    await scene.step('the last who came is on the second page', async () => {
      await pages.getByText('1 of 2').waitFor();
      assert.equal(await ann.tile('Zoe').count(), 0);
    });
    await scene.step('she speaks: she is heard, and seen on the first one', async () => {
      speaker.speaks(true);
      await ann.hearsOneVoice();
      await ann.sees('Zoe');
      await pages.getByText('1 of 2').waitFor();
      assert.equal(await ann.tile('Ann').count(), 1);
    });
    await scene.step('turning the page shows others, and back again shows her', async () => {
      // While she speaks she would come onto that page, too.
      speaker.speaks(false);
      await until('her to be shown as silent', async () =>
        assert.equal(await ann.tile('Zoe').getAttribute('data-speaking'), 'false'),
      );
      await pages.getByRole('button', { name: 'Next people' }).click();
      await pages.getByText('2 of 2').waitFor();
      assert.equal(await ann.tile('Zoe').count(), 0);
      await pages.getByRole('button', { name: 'Previous people' }).click();
      await ann.sees('Zoe');
    });
  },
);

/** The page knows the first pictures and the voices, and asks for everything else. */
const IN_PART = { ...LIMITS, WHOLE_ROSTER_UP_TO: '10', PICTURES: '4', MAX_PICTURES: '64' };

story(
  'a room that the page knows in part has pages of pictures, and a list of all',
  async (scene, t) => {
    const parley = await scene.parley(IN_PART);
    const signaling = new URL(SIGNALING_PATH, parley.url.replace('http', 'ws')).href;
    const camera = async (name: string) => {
      const client = await RawClient.open(t, signaling);
      const { media } = await client.join('hall', { name });
      await client.request('publish', publication(media.epoch, { source: 'camera' }));
      return client;
    };
    for (let n = 1; n <= SILENT; n++) await camera(`Camera ${n}`);
    const last = await camera('Zoe');
    for (let n = 1; n <= 3; n++) {
      const audience = await RawClient.open(t, signaling);
      await audience.join('hall', { name: `Listener ${n}` });
    }
    const [ann] = await scene.peopleIn(parley.room('hall'), ['Ann']);
    assert.ok(ann);
    const { page } = ann;
    const button = page.getByRole('button', { name: /^Participants/ });
    const list = page.getByRole('list', { name: 'Participants' });

    await scene.step('everybody is counted; who has a picture has a tile', async () => {
      await page.getByRole('button', { name: `Participants (${SILENT + 5})` }).waitFor();
      await page.getByText('Page 1 of 2', { exact: true }).waitFor();
      await ann.tile(`Camera ${SILENT - 2}`).waitFor();
      assert.equal(await page.getByRole('article').count(), 16);
    });
    await scene.step('the next page has names, too', async () => {
      await page.getByRole('button', { name: 'Next people' }).click();
      await ann.tile('Zoe').waitFor();
      assert.equal(await ann.tile('Listener 1').count(), 0);
    });
    await scene.step('the list has all, and finds by a part of the name', async () => {
      await button.click();
      await list.getByText('Camera 1', { exact: true }).waitFor();
      const [all] = await list.getByRole('listitem').all();
      assert.equal(await all?.getAttribute('aria-setsize'), String(SILENT + 5));
      await page.getByRole('searchbox', { name: 'Search participants' }).fill('LISTENER');
      await page.getByText('3 found', { exact: true }).waitFor();
      await list.getByText('Listener 3', { exact: true }).waitFor();
      await page.getByRole('searchbox', { name: 'Search participants' }).fill('zo');
      await list.getByText('Zoe', { exact: true }).waitFor();
    });
    await scene.step('whoever leaves is on neither any more', async () => {
      await last.request('leave', {});
      await page.getByRole('button', { name: `Participants (${SILENT + 4})` }).waitFor();
      await ann.tile('Zoe').waitFor({ state: 'detached' });
      await list.getByText('Zoe', { exact: true }).waitFor({ state: 'detached' });
    });
  },
);

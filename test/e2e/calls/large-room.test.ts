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

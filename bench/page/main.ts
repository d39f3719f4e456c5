// `npm run bench:page`: what a change of the room costs the page with 49 tiles and 1,000 names, beside a small room.
import { Chromium } from '../../test/support/browser/chromium.ts';
import { openGallery } from '../../test/support/browser/gallery/gallery.ts';
import { CHANGES, type Change, type Cost, measure } from './changes.ts';

const WINDOW = { viewport: { width: 1920, height: 1080 }, reducedMotion: 'no-preference' } as const;
/** Pictures that stand still: what the page does is measured, not what drawing them costs. */
const FRAME_RATE = 0.001;

const ROOMS = [
  { name: '9 tiles, 9 names', options: { participants: 9, pictures: 8 } },
  { name: '49 tiles, 90 names', options: { participants: 90, pictures: 89 } },
  { name: '49 tiles, 1,000 names', options: { participants: 1_000, pictures: 100 } },
] as const;

await using chromium = await Chromium.launch();
const [only] = process.argv.slice(2);
for (const { name, options } of ROOMS) {
  console.log(`\n${name}`);
  console.log('| change | ms per change | script | style and layout | longest task |');
  console.log('| --- | --- | --- | --- | --- |');
  const page = await openGallery(chromium, { ...options, frameRate: FRAME_RATE }, WINDOW);
  await measure(page, undefined);
  for (const change of Object.keys(CHANGES) as Change[]) {
    if (only !== undefined && !change.includes(only)) continue;
    const pager = page.getByRole('button', { name: 'Next people' });
    if (change === 'the page is turned' && (await pager.count()) === 0) continue;
    const inList = change === 'the list is scrolled' || change === 'a letter is searched for';
    const button = page.getByRole('button', { name: /^Participants/ });
    if (inList && (await button.count()) > 0) {
      await button.click();
      await page.getByRole('list', { name: 'Participants' }).waitFor();
    }
    row(change, await measure(page, change));
    if (inList && (await button.count()) > 0) await button.click();
  }
  row('nothing: a frame', await measure(page, undefined));
  await page.context().close();
}

function row(change: string, { perChange, script, styleAndLayout, longestTask }: Cost): void {
  const numbers = [perChange, script, styleAndLayout].map((value) => value.toFixed(2));
  console.log(`| ${[change, ...numbers, `${Math.round(longestTask)} ms`].join(' | ')} |`);
}

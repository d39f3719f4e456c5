// The recording as people in a call have it: the button, the status, the question, the tone. Without a server.
import assert from 'node:assert/strict';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { violations } from '../../support/browser/axe.ts';
import { galleryTests, openList, PHONE } from '../../support/browser/gallery/steps.ts';
import { hasFocus, tabTo } from '../../support/browser/keyboard.ts';
import { until } from '../../support/process/until.ts';

const TERMS = { allowed: true, askConsent: false, audible: false };
const FEW = { participants: 3, pictures: 2 };
const WIDE = { viewport: { width: 1280, height: 800 } };
const WINDOWS: Readonly<Record<string, BrowserContextOptions>> = {
  'a wide screen': { ...WIDE, colorScheme: 'light' },
  'a wide screen in the dark': { ...WIDE, colorScheme: 'dark' },
  'a phone': { ...PHONE, colorScheme: 'dark' },
};
const OTHER = 'participant-1';
const inGallery = galleryTests();

const record = (page: Page) => page.getByRole('button', { name: 'Record', exact: true });
const status = (page: Page) => page.getByRole('status').filter({ hasText: 'Recording' });
const question = (page: Page) =>
  page.getByRole('dialog', { name: 'This call is being recorded. May you be recorded?' });
const item = (page: Page, name: string) =>
  page
    .getByRole('menuitem', { name, exact: true })
    .or(page.getByRole('menuitemradio', { name, exact: true }));

async function isPressed(page: Page, pressed: boolean): Promise<void> {
  await until('the button to show it', async () =>
    assert.equal(await record(page).getAttribute('aria-pressed'), String(pressed)),
  );
}

/** Everything that a screen reader is told from here on. */
async function listen(page: Page): Promise<() => Promise<string[]>> {
  const heard = await page.evaluateHandle(() => {
    const lines: string[] = [];
    const region = document.querySelector('[aria-live=polite][aria-relevant=additions]');
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        for (const node of addedNodes) lines.push(node.textContent ?? '');
      }
    }).observe(region ?? document.body, { childList: true });
    return lines;
  });
  return () => heard.jsonValue();
}

const requests = (page: Page) => page.evaluate(() => window.gallery.recording.requests);

inGallery('without a server that records there is nothing', FEW, WIDE, async (page) => {
  assert.equal(await record(page).count(), 0);
  assert.equal(await status(page).count(), 0);
});

inGallery(
  'who may not record sees that it runs, and by whom',
  { ...FEW, recording: { ...TERMS, allowed: false } },
  WIDE,
  async (page) => {
    await page.evaluate((by) => window.gallery.recording.begin(by), OTHER);
    await status(page).waitFor();
    assert.equal(await record(page).count(), 0);
    assert.match((await status(page).getAttribute('title')) ?? '', /^Started by Björn .* at \d/);
    assert.deepEqual(await violations(page), []);
  },
);

inGallery(
  'a recording is started, paused, resumed and stopped by keyboard, and each is said once',
  { ...FEW, recording: TERMS },
  WIDE,
  async (page) => {
    const heard = await listen(page);
    await isPressed(page, false);
    await tabTo(record(page));
    await page.keyboard.press('Enter');
    await status(page).waitFor();
    await isPressed(page, true);
    assert.equal(await status(page).innerText(), 'Recording');
    await page.getByRole('region', { name: 'Recording' }).getByText('0:01').waitFor();

    await page.keyboard.press('Enter');
    await item(page, 'Pause recording').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Recording paused').waitFor();
    assert.ok(await hasFocus(record(page)), 'the focus is back at the button');

    await page.keyboard.press('Enter');
    await item(page, 'Resume recording').waitFor();
    await page.keyboard.press('Enter');
    await until('it to go on', async () =>
      assert.equal(await status(page).innerText(), 'Recording'),
    );

    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await status(page).waitFor({ state: 'detached' });
    await isPressed(page, false);
    const said = (await heard()).filter((line) => /record/i.test(line));
    assert.deepEqual(said, [
      'You started a recording.',
      'The recording is paused.',
      'The recording goes on.',
      'The recording has stopped.',
    ]);
    const asked = (await requests(page)).filter((request) => request !== 'access');
    assert.deepEqual(asked, ['start', 'pause', 'resume', 'stop']);
  },
);

inGallery(
  'a refusal is said in the server’s words, and the button can be pressed again',
  { ...FEW, recording: TERMS },
  WIDE,
  async (page) => {
    const refusal = 'The disk of the server is full. Tell whoever runs it.';
    await page.evaluate((text) => {
      window.gallery.recording.refusal = text;
    }, refusal);
    await record(page).click();
    await page.getByText(refusal).first().waitFor();
    await isPressed(page, false);
    await record(page).click();
    await status(page).waitFor();
  },
);

inGallery(
  'a tone begins and ends a recording where the server wants one',
  { ...FEW, recording: { ...TERMS, audible: true } },
  WIDE,
  async (page) => {
    await page.evaluate(() => {
      const played: number[] = [];
      Object.assign(window, { played });
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (when) {
        played.push(this.frequency.value);
        start.call(this, when);
      };
    });
    const played = () =>
      page.evaluate(() => (window as unknown as { played: number[] }).played.map(Math.round));
    await record(page).click();
    await until('the first tone', async () => assert.deepEqual(await played(), [523, 659]));
    await page.evaluate(() => window.gallery.recording.setPaused(true));
    await page.evaluate(() => window.gallery.recording.end());
    await until('the last tone', async () =>
      assert.deepEqual(await played(), [523, 659, 659, 523]),
    );
  },
);

for (const [where, shown] of Object.entries(WINDOWS)) {
  inGallery(
    `everybody is asked, answers, and changes the answer, on ${where}`,
    { ...FEW, recording: { ...TERMS, allowed: false, askConsent: true } },
    shown,
    async (page) => {
      assert.equal(await question(page).count(), 0);
      await page.evaluate((by) => window.gallery.recording.begin(by), OTHER);
      await question(page).waitFor();
      assert.deepEqual(await violations(page), [], 'the question');
      // It is beside the call, not before it.
      await page.getByRole('button', { name: 'Microphone', exact: true }).click();
      await page.getByText('not you').waitFor();

      await question(page).getByRole('button', { name: 'Decline' }).click();
      await question(page).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'About the recording' }).click();
      assert.deepEqual(await violations(page), [], 'the menu');
      assert.equal(await item(page, 'Do not record me').getAttribute('aria-checked'), 'true');
      await item(page, 'Record me').click();
      await page.getByText('not you').waitFor({ state: 'detached' });

      await page.evaluate(() => window.gallery.recording.end());
      await page.evaluate((by) => window.gallery.recording.begin(by), OTHER);
      await status(page).waitFor();
      assert.equal(await question(page).count(), 0, 'an answer is one for the whole call');
      assert.deepEqual(await requests(page), ['decline', 'agree']);
    },
  );
}

inGallery(
  'the answer by keyboard takes the focus to where it can be changed',
  { ...FEW, recording: { ...TERMS, askConsent: true } },
  WIDE,
  async (page) => {
    await page.evaluate((by) => window.gallery.recording.begin(by), OTHER);
    await tabTo(question(page).getByRole('button', { name: 'Agree' }));
    await page.keyboard.press('Enter');
    await question(page).waitFor({ state: 'detached' });
    assert.ok(await hasFocus(page.getByRole('button', { name: 'About the recording' })));
  },
);

inGallery(
  'on a phone recording is in the menu More, and the status over panels',
  { ...FEW, recording: TERMS },
  PHONE,
  async (page) => {
    const more = page.getByRole('button', { name: 'More', exact: true });
    await more.tap();
    await item(page, 'Record').tap();
    await status(page).waitFor();
    await page.getByRole('button', { name: 'Chat', exact: true }).tap();
    assert.ok(await status(page).isVisible());
    assert.deepEqual(await violations(page), [], 'with the chat open');
    await page.getByRole('complementary').getByRole('button', { name: 'Close' }).tap();
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(overflow, 0);
    await more.tap();
    await item(page, 'Stop recording').tap();
    await status(page).waitFor({ state: 'detached' });
  },
);

inGallery(
  'who may record has the right to see it afterwards, in this browser',
  { ...FEW, recording: TERMS },
  WIDE,
  async (page) => {
    const kept = () => page.evaluate(() => localStorage.getItem('parley.recordings:hall') ?? '');
    await until('the token to be kept', async () => assert.match(await kept(), /the-access-token/));
    await page.evaluate(() => {
      window.open = (...given) => {
        document.title = given.join(' ');
        return null;
      };
    });
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await item(page, 'Recordings').click();
    assert.equal(await page.title(), '/recordings/hall _blank noopener');
  },
);

for (const [where, shown] of Object.entries(WINDOWS)) {
  inGallery(
    `that nothing is saved is said with its reason, on ${where}`,
    { ...FEW, recording: TERMS },
    shown,
    async (page) => {
      await page.evaluate((by) => window.gallery.recording.begin(by), OTHER);
      await status(page).waitFor();
      const heard = await listen(page);
      await page.evaluate(() => window.gallery.recording.setTrouble('full'));
      await page.getByText('Recording is not saved', { exact: true }).waitFor();
      const why = 'The server has no room left for recordings. Tell whoever runs it.';
      await page.getByText(why, { exact: true }).waitFor();
      assert.deepEqual(await violations(page), [], 'the trouble');
      await page.evaluate(() => window.gallery.recording.setTrouble(''));
      await page.getByText(why, { exact: true }).waitFor({ state: 'detached' });
      const said = (await heard()).filter((line) => /saved/.test(line));
      assert.deepEqual(said, [
        `The recording is not saved at the moment. The call goes on. ${why}`,
        'The recording is saved again.',
      ]);
    },
  );
}

inGallery(
  'a list over the whole phone keeps its heading beside every word of the recording',
  { ...FEW, recording: TERMS },
  PHONE,
  async (page) => {
    await openList(page);
    await page.evaluate((by) => window.gallery.recording.begin(by), OTHER);
    const heading = page.getByRole('heading', { name: /^Participants/ }).locator('span');
    const close = page.getByRole('complementary').getByRole('button', { name: 'Close' });
    const changes = {
      Recording: () => {},
      Paused: () => window.gallery.recording.setPaused(true),
      'Not saved': async () => {
        await window.gallery.recording.setPaused(false);
        window.gallery.recording.setTrouble('unwritable');
      },
    };
    for (const [text, change] of Object.entries(changes)) {
      await page.evaluate(change);
      await status(page).filter({ hasText: text }).waitFor();
      const [left, words, right] = await Promise.all(
        [heading, page.locator('.recording'), close].map((each) => each.boundingBox()),
      );
      assert.ok(left && words && right);
      assert.ok(left.x + left.width <= words.x, `${text} covers the heading`);
      assert.ok(words.x + words.width <= right.x, `${text} covers the button`);
      assert.deepEqual(await violations(page), [], text);
    }
  },
);

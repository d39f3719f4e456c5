// The operator's page, with a real TURN server (RFC 8656): who gets in, what it shows, and what can be
// done there by keyboard.
import assert from 'node:assert/strict';
import { violations } from '../../support/browser/axe.ts';
import { hasFocus, tabTo } from '../../support/browser/keyboard.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type PersonOptions, story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';
import type { Parley } from '../../support/server/parley.ts';

const AUTH_TOKEN = 'the-operators-own-secret-0123456789';
/** A server is probed every few seconds, by each media node. */
const PROBED_WITHIN_MS = 30_000;
/** How often the page asks. */
const POLL_MS = 2_000;

type Window = NonNullable<PersonOptions['window']>;

const WINDOWS: Readonly<Record<string, Window>> = {
  'a wide screen': { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  'a phone': { viewport: { width: 375, height: 812 }, colorScheme: 'dark' },
};

async function openPage({ page }: Participant, parley: Parley): Promise<void> {
  await page.goto(new URL('admin', parley.url).href);
}

async function signIn({ page }: Participant, token: string): Promise<void> {
  await page.getByLabel('AUTH_TOKEN of this server').fill(token);
  await page.keyboard.press('Enter');
}

for (const [where, window] of Object.entries(WINDOWS)) {
  story(`an operator sees a TURN server, and drains it by keyboard, on ${where}`, async (scene) => {
    const coturn = await scene.coturn('secret');
    const parley = await scene.parley({ ...coturn.env, AUTH_TOKEN });
    const ann = await scene.person('Ann', { window });
    const { page } = ann;
    const isAccessible = async (state: string) =>
      assert.deepEqual(await violations(page), [], `${state} has barriers`);

    await scene.step('nobody gets in with another token', async () => {
      await openPage(ann, parley);
      await signIn(ann, 'a-guess');
      await page.getByRole('alert').getByText('That is not its AUTH_TOKEN.').waitFor();
      await isAccessible('the page before signing in');
    });
    const servers = page.getByRole('region', { name: 'TURN servers' });
    const server = servers.getByRole('article');
    await scene.step('with the right one the server is there, and works', async () => {
      await signIn(ann, AUTH_TOKEN);
      await server.getByText('In service').waitFor({ timeout: PROBED_WITHIN_MS });
      await server
        .getByText(/ms round trip/)
        .first()
        .waitFor();
      assert.equal(await server.count(), 1);
      assert.ok(!page.url().includes(AUTH_TOKEN));
      await isAccessible('the page');
    });
    await scene.step('nothing has to be scrolled sideways', async () => {
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(overflow, 0);
    });
    await scene.step('draining is asked for, and done', async () => {
      await tabTo(server.getByRole('button', { name: /^Drain/ }));
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByText(/It gets no new sessions/).waitFor();
      await isAccessible('the question');
      await tabTo(dialog.getByRole('radio', { name: /Let calls end here/ }));
      await page.keyboard.press('ArrowDown');
      assert.ok(await dialog.getByRole('radio', { name: /Move calls now/ }).isChecked());
      await tabTo(dialog.getByRole('button', { name: 'Drain', exact: true }));
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await server.getByText('Draining, calls move away').waitFor();
    });
    await scene.step('and taken back', async () => {
      await tabTo(server.getByRole('button', { name: /^Resume/ }));
      await page.keyboard.press('Enter');
      await server.getByText('In service').waitFor();
    });
    await scene.step('its media node is there', async () => {
      const node = page.getByRole('region', { name: 'Media nodes' }).getByRole('article');
      await node.getByText('127.0.0.1').waitFor();
    });
    await scene.step('a reload asks again, unless the tab keeps the token', async () => {
      await page.reload();
      await page.getByRole('checkbox', { name: 'Keep for this tab' }).check();
      await signIn(ann, AUTH_TOKEN);
      await server.getByText('In service').waitFor();
      await page.reload();
      await server.getByText('In service').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.reload();
      await page.getByLabel('AUTH_TOKEN of this server').waitFor();
    });
  });
}

story('an operator adds a TURN server, and removes it', async (scene) => {
  const [coturn, parley] = await Promise.all([
    scene.coturn('static'),
    scene.parley({ AUTH_TOKEN }),
  ]);
  const {
    TURN_URLS: url = '',
    TURN_USERNAME: user = '',
    TURN_PASSWORD: password = '',
  } = coturn.env;
  const ann = await scene.person('Ann');
  const { page } = ann;
  await openPage(ann, parley);
  await signIn(ann, AUTH_TOKEN);
  await page.getByText(/There is no TURN server/).waitFor();

  const fillIn = async () => {
    await page.getByLabel('Addresses, one in each line').fill(url);
    await page.getByLabel('Name').fill('mine');
    await page.getByRole('radio', { name: 'User and password' }).check();
    await page.getByLabel('User', { exact: true }).fill(user);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
  };
  await scene.step('what is missing is said', async () => {
    await page.getByRole('button', { name: 'Add a server' }).click();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('Give at least one address.').waitFor();
    assert.deepEqual(await violations(page), []);
  });
  await scene.step('it is added, probed and shown', async () => {
    await fillIn();
    const server = page.getByRole('article', { name: 'mine' });
    await server.getByText('In service').waitFor({ timeout: PROBED_WITHIN_MS });
  });
  await scene.step('added again, it says that another one was replaced', async () => {
    await page.getByRole('button', { name: 'Add a server' }).click();
    await fillIn();
    await page
      .getByRole('alert')
      .getByText(/mine was there already, and was replaced/)
      .waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
  await scene.step('it is removed, after a question', async () => {
    await page.getByRole('button', { name: 'Remove mine' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('article', { name: 'mine' }).waitFor({ state: 'detached' });
    await until('the focus to be somewhere', async () =>
      assert.ok(await hasFocus(page.getByRole('heading', { name: 'TURN servers' }))),
    );
  });
  await scene.step('a page that nobody sees does not ask', async () => {
    let asked = 0;
    page.on('request', () => asked++);
    const show = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await show(true);
    // What was under way may still come.
    await page.waitForTimeout(POLL_MS);
    asked = 0;
    await page.waitForTimeout(2 * POLL_MS);
    assert.equal(asked, 0);
    await show(false);
    await until('it to ask again', () => assert.ok(asked > 0));
  });
  await scene.step('a server that does not answer makes the numbers old', async () => {
    await page.route('**/api/**', (route) => route.abort());
    await page.getByText(/Not reached since \d\d:\d\d:\d\d/).waitFor();
    await page.unroute('**/api/**');
    await page.getByText(/As of/).waitFor();
  });
});

story('a server without AUTH_TOKEN has no operator, and says so', async (scene) => {
  const parley = await scene.parley();
  const ann = await scene.person('Ann');
  await openPage(ann, parley);
  await signIn(ann, 'anything');
  await ann.page
    .getByRole('alert')
    .getByText(/AUTH_TOKEN is not set on this server/)
    .waitFor();
});

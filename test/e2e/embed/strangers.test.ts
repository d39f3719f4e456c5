// Attacks on calls in frames: pages that may not show them, windows that are not the page around, and forged ports.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { story } from '../../support/browser/scene.ts';
import { productPage } from '../../support/embed/embedded.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import { applicationToken, WITH_APPLICATION } from '../../support/server/application.ts';

declare global {
  interface Window {
    /** What a stranger's page got. */
    stolen: unknown[];
    /** How many windows it has sent messages to at once, itself among them. */
    attacked: number;
  }
}

/**
 * Asks a window for a channel, again and again, and claims to be a call itself. Also from before the real one is there.
 */
const STRANGER = `
  <script>
    window.stolen = [];
    const attack = (target) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => stolen.push(data);
      target.postMessage({ parley: 'connect', version: 1 }, '*', [port2]);
      port1.postMessage({ type: 'configure', options: { name: 'Mallory' } });
      port1.postMessage({ type: 'command', id: 1, name: 'join', args: [{ name: 'Mallory' }] });
    };
    addEventListener('message', ({ data, ports }) => stolen.push(data, ports.length));
    setInterval(() => {
      const targets = window.popup ? [window.popup] : [parent];
      // The frames of a window can be counted and reached, whatever their origin.
      for (let at = 0; at < parent.length; at++) targets.push(parent[at]);
      for (const target of targets) {
        if (target === window) continue;
        window.attacked = Math.max(window.attacked ?? 0, targets.length);
        target.postMessage({ parley: 'hello', version: 1 }, '*');
        attack(target);
      }
    }, 20);
  </script>`;

function allNames(page: Page): Promise<string[]> {
  return page.evaluate(() => window.recorded.names);
}

story('a page of an origin that was not allowed cannot show a call', async (scene) => {
  const friend = await scene.product();
  const stranger = await scene.product();
  const parley = await scene.parley({ ...WITH_APPLICATION, EMBED_ORIGINS: friend.origin });
  const eve = await scene.person('Eve');
  const token = await applicationToken({ room: 'blue', role: 'guest', name: 'Eve' });

  await scene.step('the browser refuses it, and the element says who can change that', async () => {
    const attributes = `room="blue" token="${token}"`;
    await eve.page.goto(productPage(stranger, '/', { server: parley.url, attributes }));
    await until(
      'the error',
      async () => {
        const { error } = await eve.page.evaluate(() => window.recorded.details);
        assert.match(JSON.stringify(error), /unreachable.*EMBED_ORIGINS/);
      },
      { withinMs: DEADLINES.media },
    );
    const text = new RegExp(`does not let pages of ${stranger.origin} show calls`);
    await eve.page.getByRole('alert').getByText(text).waitFor();
    assert.ok(!(await allNames(eve.page)).includes('ready'));
    const refusals = eve.errors.splice(0);
    assert.ok(refusals.length > 0);
    for (const refusal of refusals) assert.match(refusal, /frame-ancestors/);
  });

  await scene.step('nor a page in a page', async () => {
    const inner = productPage(friend, '/inner', {
      server: parley.url,
      attributes: `room="blue" token="${token}"`,
    });
    await eve.page.goto(stranger.page('/outer', `<iframe src="${inner}"></iframe>`));
    await until('the browser to refuse it', () =>
      assert.match(eve.errors.join('\n'), /frame-ancestors/),
    );
    eve.errors.splice(0);
  });

  await scene.step('nor the ordinary page, which even the allowed one may not frame', async () => {
    await eve.page.goto(friend.page('/plain', `<iframe src="${parley.room('blue')}"></iframe>`));
    await until('the browser to refuse it', () =>
      assert.match(eve.errors.join('\n'), /frame-ancestors/),
    );
    eve.errors.splice(0);
  });

  await scene.step('by itself the address leads to the room, and talks to nobody', async () => {
    const address = new URL('embed/blue', parley.url).href;
    await eve.page.goto(
      stranger.page(
        '/opener',
        `${STRANGER}<button id="go">Go</button>
        <script>go.onclick = () => { window.popup = open('${address}'); };</script>`,
      ),
    );
    const [popup] = await Promise.all([
      eve.page.waitForEvent('popup'),
      eve.page.getByRole('button', { name: 'Go' }).click(),
    ]);
    await popup.getByRole('heading', { name: 'This address is for other pages' }).waitFor();
    await popup.getByRole('link', { name: 'Go to blue' }).waitFor();
    assert.deepEqual(await eve.page.evaluate(() => window.stolen), []);
    assert.ok((await eve.page.evaluate(() => window.attacked)) > 0);
  });
});

story('a stranger beside the call gets no word and no token of it', async (scene) => {
  const product = await scene.product();
  const other = await scene.product();
  const parley = await scene.parley({ ...WITH_APPLICATION, EMBED_ORIGINS: product.origin });
  const ann = await scene.person('Ann');
  const token = await applicationToken({ room: 'blue', role: 'host', name: 'Ann' });
  const strange = other.page('/', STRANGER);

  await scene.step('a frame of another origin in the same page is ignored by both', async () => {
    await ann.page.goto(
      productPage(product, '/', {
        server: parley.url,
        attributes: `room="blue" token="${token}"`,
        // A frame in the shadow of an element is not among the frames of a window. This one is.
        before: `<iframe src="${strange}" title="Advertisement"></iframe>
          <iframe src="${parley.url}embed/green" title="A call without the element"></iframe>`,
      }),
    );
    await until('the stranger to be there', async () => {
      const frame = ann.page.frames().find((one) => one.url() === strange);
      assert.deepEqual(await frame?.evaluate(() => window.stolen), []);
    });
    await ann.page.evaluate(async () => {
      await customElements.whenDefined('parley-call');
      await document.querySelector('parley-call')?.join();
    });
    const room = await ann.page.evaluate(() => document.querySelector('parley-call')?.call);
    assert.deepEqual(
      room?.participants.map(({ name }) => name),
      ['Ann'],
    );
  });

  await scene.step('a second port is not taken, not even from the page itself', async () => {
    const answered = await ann.page.evaluate(async (origin) => {
      const call = document.querySelector('parley-call');
      const target = call?.shadowRoot?.querySelector('iframe')?.contentWindow;
      const answers: unknown[] = [];
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => answers.push(data);
      target?.postMessage({ parley: 'connect', version: 1 }, origin, [port2]);
      port1.postMessage({ type: 'command', id: 1, name: 'leave', args: [] });
      // What was sent before it has arrived when this is answered.
      await call?.setMuted('camera', true);
      await call?.setMuted('camera', false);
      return answers;
    }, new URL(parley.url).origin);
    assert.deepEqual(answered, []);
    const connection = await ann.page.evaluate(
      () => document.querySelector('parley-call')?.connection,
    );
    assert.deepEqual(connection, { state: 'connected' });
  });

  await scene.step('nothing reached the stranger in all that time', async () => {
    const frame = ann.page.frames().find((one) => one.url() === strange);
    assert.deepEqual(await frame?.evaluate(() => window.stolen), []);
    assert.equal(
      await frame?.evaluate(() => window.attacked),
      3,
      'itself, the page and the other frame',
    );
    const green = ann.page.frames().find((one) => one.url().endsWith('/embed/green'));
    // It waits for the page around it, and shows nothing to anybody else.
    assert.equal(await green?.evaluate(() => document.querySelector('main, form')), null);
    const requests = await green?.evaluate(() => performance.getEntriesByType('resource').length);
    assert.ok((requests ?? 0) > 3, 'it has not even loaded');
  });
});

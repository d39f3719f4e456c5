// Two people in a call inside somebody's product: another origin, which shows the call and steers it.
import assert from 'node:assert/strict';
import type { Frame, Request } from 'playwright-core';
import { violations } from '../../support/browser/axe.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import {
  callFrame,
  type ProductPageOptions,
  productPage,
  seesAndHears,
} from '../../support/embed/embedded.ts';
import type { Product } from '../../support/embed/product.ts';
import { until } from '../../support/process/until.ts';
import { applicationToken, WITH_APPLICATION } from '../../support/server/application.ts';

interface RoomDetail {
  participants: { id: string; name: string; role: string }[];
  tracks: { participantId: string; source: string; muted: boolean }[];
  chat: { name: string; text: string }[];
}

/** The newest detail of an event of the element. */
async function detail<T>({ page }: Participant, name: string): Promise<T | undefined> {
  const recorded = await page.evaluate(() => window.recorded.details);
  return recorded[name] as T | undefined;
}

function names({ page }: Participant): Promise<string[]> {
  return page.evaluate(() => window.recorded.names);
}

/** Opens the product's page as this participant, and waits until the call takes commands. */
async function opens(
  person: Participant,
  product: Product,
  options: ProductPageOptions,
): Promise<Frame> {
  await person.page.goto(productPage(product, `/${person.name}`, options));
  await until(`${person.name}'s element to be ready`, async () =>
    assert.ok(
      (await names(person)).includes('ready'),
      JSON.stringify(await detail(person, 'error')),
    ),
  );
  return callFrame(person.page);
}

/** A server that lets a product's pages show calls. */
async function serverFor(scene: Scene, product: Product) {
  return scene.parley({ ...WITH_APPLICATION, EMBED_ORIGINS: product.origin });
}

story('two people use the call in a product, in Chromium', async (scene) => {
  const product = await scene.product();
  const parley = await serverFor(scene, product);
  const ann = await scene.person('Ann');
  const bo = await scene.person('Bo');
  const tokens = {
    Ann: await applicationToken({ room: 'blue', role: 'host', name: 'Ann' }),
    Bo: await applicationToken({ room: 'blue', role: 'guest', name: 'Bo' }),
  };
  const asked: Request[] = [];
  for (const { page } of [ann, bo]) page.on('request', (request) => asked.push(request));
  let frame: Frame;

  await scene.step('one clicks "Join" in the frame, the other one\'s page joins', async () => {
    frame = await opens(ann, product, {
      server: parley.url,
      attributes: `room="blue" token="${tokens.Ann}" accent-color="#7a1fa2"`,
    });
    await frame.getByRole('button', { name: 'Join', exact: true }).click();
    await frame.getByRole('button', { name: 'Leave', exact: true }).waitFor();

    await bo.page.goto(
      productPage(product, '/Bo', { server: parley.url, attributes: 'room="blue"' }),
    );
    // At once: what is asked for before the call is there waits for it.
    await bo.page.evaluate(async (token) => {
      await customElements.whenDefined('parley-call');
      const call = document.querySelector('parley-call');
      if (!call) throw new Error('the page has no call');
      call.token = token;
      await call.join();
    }, tokens.Bo);
  });

  await scene.step('they see and hear each other', async () => {
    await seesAndHears(ann.page, 1);
    await seesAndHears(bo.page, 1);
  });

  await scene.step('the page is told of everybody, and of no secret', async () => {
    await until("both to be in the room that Ann's page knows", async () => {
      const room = await detail<RoomDetail>(ann, 'room');
      assert.deepEqual(
        room?.participants.map(({ name, role }) => [name, role]),
        [
          ['Ann', 'host'],
          ['Bo', 'guest'],
        ],
      );
    });
    const all = JSON.stringify(await ann.page.evaluate(() => window.recorded));
    for (const token of Object.values(tokens)) assert.ok(!all.includes(token));
  });

  await scene.step('a page mutes, unmutes and writes', async () => {
    const muted = async (is: boolean) => {
      await bo.page.evaluate(
        (value) => document.querySelector('parley-call')?.setMuted('microphone', value),
        is,
      );
      await until(`Bo's microphone to be ${is ? 'off' : 'on'} for Ann's page`, async () => {
        const room = await detail<RoomDetail>(ann, 'room');
        const id = room?.participants.find(({ name }) => name === 'Bo')?.id;
        const track = room?.tracks.find(
          ({ participantId, source }) => participantId === id && source === 'microphone',
        );
        assert.equal(track?.muted, is);
      });
    };
    await muted(true);
    await muted(false);
    await bo.page.evaluate(() => document.querySelector('parley-call')?.sendChat('Hello'));
    await until("the message to reach Ann's page", async () => {
      const room = await detail<RoomDetail>(ann, 'room');
      assert.deepEqual(
        room?.chat.map(({ name, text }) => [name, text]),
        [['Bo', 'Hello']],
      );
    });
  });

  await scene.step('a refused command says why, under its code', async () => {
    const error = await bo.page.evaluate(async () => {
      const call = document.querySelector('parley-call');
      const ann = call?.call?.participants.find(({ name }) => name === 'Ann');
      try {
        await call?.removeParticipant(ann?.id ?? '');
      } catch (thrown) {
        return thrown instanceof Error && 'code' in thrown ? thrown.code : thrown;
      }
    });
    assert.equal(error, 'forbidden');
  });

  await scene.step('the page chooses buttons and colours during the call', async () => {
    await ann.page.evaluate(() => {
      const call = document.querySelector('parley-call');
      call?.setAttribute('buttons', 'microphone camera leave');
      call?.setAttribute('background-color', '#101030');
    });
    await frame.getByRole('button', { name: 'Chat', exact: true }).waitFor({ state: 'detached' });
    const toolbar = frame.getByRole('toolbar').getByRole('button');
    assert.deepEqual(
      await toolbar.evaluateAll((buttons) => buttons.map((one) => one.getAttribute('aria-label'))),
      ['Microphone', 'Sound devices', 'Camera', 'Video devices', 'Leave'],
    );
    assert.equal(await frame.getByRole('button', { name: 'Copy link' }).count(), 0);
    const background = await frame.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(background, 'rgb(16, 16, 48)');
    assert.deepEqual(await violations(frame), []);
    assert.deepEqual(await violations(ann.page), []);
  });

  await scene.step(
    'what is not known is an error with its name, and the call goes on',
    async () => {
      await ann.page.evaluate(() =>
        document.querySelector('parley-call')?.setAttribute('buttns', 'chat'),
      );
      await until('the error', async () => {
        const error = await detail<{ code: string; message: string; option: string }>(ann, 'error');
        assert.equal(error?.option, 'buttns');
        assert.match(error.message, /no attribute "buttns". It has: room, server, /);
      });
      await seesAndHears(bo.page, 1);
    },
  );

  await scene.step('a page leaves, and the frame leads to no other page', async () => {
    await ann.page.evaluate(() => document.querySelector('parley-call')?.leave());
    await frame.getByRole('button', { name: 'Rejoin' }).waitFor();
    assert.equal(await frame.getByRole('link').count(), 0);
    await until("Ann's page to know it", async () =>
      assert.deepEqual(await detail(ann, 'connection'), { state: 'ended' }),
    );
    await until("Bo's page to know it", async () =>
      assert.equal((await detail<RoomDetail>(bo, 'room'))?.participants.length, 1),
    );
    const alone = (await callFrame(bo.page)).getByRole('region', {
      name: 'You are the only one here',
    });
    const link = alone.getByRole('textbox', { name: 'Link to this call' });
    await link.waitFor();
    await bo.page.evaluate(() =>
      document.querySelector('parley-call')?.setAttribute('buttons', 'leave'),
    );
    await link.waitFor({ state: 'detached' });
    await alone.waitFor();
  });

  await scene.step('a token was in no address, no referrer and no log line', async () => {
    assert.ok(asked.length > 10);
    for (const token of Object.values(tokens)) {
      for (const request of asked) {
        const headers = await request.allHeaders();
        assert.ok(!request.url().includes(token), request.url());
        assert.ok(!JSON.stringify(headers).includes(token), request.url());
      }
      assert.ok(!parley.process.lines.some((line) => line.includes(token)));
      assert.ok(!JSON.stringify(product.requests).includes(token));
      for (const { page, console } of [ann, bo]) {
        assert.ok(!console.some((line) => line.includes(token)));
        for (const each of page.frames()) assert.ok(!each.url().includes(token), each.url());
      }
    }
  });
});

// The network check in a real browser: what it says where all is well, and where something is not.
import assert from 'node:assert/strict';
import { violations } from '../../support/browser/axe.ts';
import { tabTo } from '../../support/browser/keyboard.ts';
import {
  block,
  CHECKED_MS,
  isOver,
  report,
  says,
  verdict,
} from '../../support/browser/network-check-page.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type PersonOptions, type Scene, story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';
import type { Parley } from '../../support/server/parley.ts';
import { probed } from '../../support/turn/probed.ts';

type Window = NonNullable<PersonOptions['window']>;

const AUTH_TOKEN = 'the-operators-own-secret-0123456789';
/** A probe holds a router and a transport for a while; with the first one alone idle is nothing. */
const ONE_PROBE = { TURN_PROBE_INTERVAL_MS: '300000' };
const WINDOWS: Readonly<Record<string, Window>> = {
  'a wide screen in light colours': {
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
  },
  'a phone in dark colours': {
    viewport: { width: 375, height: 812 },
    colorScheme: 'dark',
    isMobile: true,
    hasTouch: true,
  },
};

async function whoChecks(scene: Scene, parley: Parley): Promise<Participant> {
  const ann = await scene.person('Ann');
  await ann.page.goto(`${parley.url}check`);
  return ann;
}

for (const [where, window] of Object.entries(WINDOWS)) {
  story(`all is well, on ${where}`, async (scene) => {
    const coturn = await scene.coturn('secret');
    const parley = await scene.parley({ ...coturn.env, ...ONE_PROBE });
    const { page } = await scene.person('Ann', { window });

    await scene.step('it says so, first', async () => {
      await page.goto(`${parley.url}check`);
      await page.getByRole('heading', { level: 1, name: 'Network check' }).waitFor();
      await verdict(page, 'Calls will work well');
    });
    await scene.step('and what it tried', async () => {
      await says(page, 'Camera', /It works/);
      await says(page, 'Microphone', /It works/);
      await says(page, 'Server', /Connected/);
      await says(page, 'UDP', /Open\. There and back/);
      await says(page, 'TCP', /Open\. There and back/);
      await says(page, /^Relay .*, UDP$/, /Works\. There and back/);
      await says(page, /^Relay .*, TCP$/, /Works\. There and back/);
      await says(page, 'Speed', /At least [\d.]+ Mbit\/s each way/);
    });
    await scene.step('without a barrier, and nothing beside the screen', async () => {
      assert.deepEqual(await violations(page), []);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(overflow, 0);
      for (const name of ['Run again', 'Copy report']) {
        const box = await page.getByRole('button', { name }).boundingBox();
        assert.ok(box && box.height >= 44 && box.width >= 44, `${name} is too small`);
      }
    });
    await scene.step('with a report for a ticket, and no secret in it', async () => {
      const text = await report(page);
      for (const part of [/^Time: 2/m, /^Browser: Mozilla/m, /pair: relay udp .* -> host udp/]) {
        assert.match(text, part);
      }
      assert.match(text, /Bandwidth: at least [\d.]+ Mbit\/s each way, over direct udp/);
      // The name and the password of its credentials: an end in seconds, and a hash.
      assert.doesNotMatch(text, /\d{10}:|[\w+/]{27}=/);
    });
    await scene.step('it runs again, from the keyboard', async () => {
      await tabTo(page.getByRole('button', { name: 'Run again' }));
      await page.keyboard.press('Enter');
      await page.getByRole('progressbar', { name: 'Progress' }).waitFor();
      // What looks for barriers keeps the page from answering; a run that is judged is left alone.
      assert.deepEqual(await violations(page), [], 'while it runs');
      await page
        .getByRole('progressbar', { name: 'Progress' })
        .waitFor({ state: 'detached', timeout: CHECKED_MS });
    });
    await scene.step('and leaves nothing behind', async () => {
      await page.goto('about:blank');
      await until('the server to be idle', async () => {
        const { router, transport, socket } = await parley.resources();
        assert.deepEqual([router, transport, socket], [0, 0, 0]);
      });
    });
  });
}

story('a server that takes no UDP', async (scene) => {
  const parley = await scene.parley({ MEDIA_PROTOCOLS: 'tcp' });
  const { page } = await whoChecks(scene, parley);
  const text = await verdict(page, 'Calls will work, through TCP');
  assert.match(text, /This server takes sound and picture through TCP alone\./);
  await says(page, 'UDP', /That is its own setting, not your network’s/);
  await says(page, 'TCP', /Open/);
});

story('a network that blocks UDP, and one that blocks all but the relay', async (scene) => {
  const coturn = await scene.coturn('secret');
  const parley = await scene.parley(coturn.env);

  await scene.step('without UDP, TCP carries calls', async () => {
    const ann = await scene.person('Ann');
    await block(ann, ['udp']);
    await ann.page.goto(`${parley.url}check`);
    assert.match(await verdict(ann.page, 'Calls will work, through TCP'), /blocks UDP/);
    await says(
      ann.page,
      'UDP',
      /Your network blocks UDP\. Calls work, through TCP; the picture may/,
    );
    await says(ann.page, 'UDP', /administrator to allow UDP to 127\.0\.0\.1 port \d+/);
    assert.match(await report(ann.page), /over direct tcp/);
  });
  await scene.step('without both, the relay does', async () => {
    const bo = await scene.person('Bo');
    await block(bo, ['udp', 'tcp']);
    await bo.page.goto(`${parley.url}check`);
    await verdict(bo.page, 'Calls will work through a relay');
    await says(bo.page, 'TCP', /TCP does not get through/);
    assert.match(await report(bo.page), /over turn:127\.0\.0\.1:\d+\?transport=/);
  });
  await scene.step('without the relay, nothing does', async () => {
    await coturn[Symbol.asyncDispose]();
    const cy = await scene.person('Cy');
    await block(cy, ['udp', 'tcp']);
    await cy.page.goto(`${parley.url}check`);
    await verdict(cy.page, 'Calls will not work on this network');
  });
});

story('a relay with another secret refuses, and is named', async (scene) => {
  const coturn = await scene.coturn('secret');
  const parley = await scene.parley({
    ...coturn.env,
    TURN_SHARED_SECRET: 'not-the-secret-of-coturn',
  });
  const { page } = await whoChecks(scene, parley);
  await verdict(page, 'Calls will work well');
  await says(
    page,
    /^Relay .*, UDP$/,
    /refuses our credentials \(401\)\. Not needed on this network/,
  );
  await says(page, /^Relay .*, UDP$/, /do not share the same secret/);
  assert.match(await report(page), /ICE error: 401 Unauthorized/);
});

story('a relay that is down does not answer', async (scene) => {
  const coturn = await scene.coturn('secret');
  // Tried again, it would be out of the check's credentials, one address after the other.
  const parley = await scene.parley({ ...coturn.env, TURN_PROBE_INTERVAL_MS: '300000' });
  await probed(parley.metricsUrl);
  await coturn[Symbol.asyncDispose]();
  const { page } = await whoChecks(scene, parley);
  await verdict(page, 'Calls will work well');
  await says(page, /^Relay .*, TCP$/, /does not answer \(701\).*Not needed/);
});

story('who has no camera learns so, too', async (scene) => {
  const parley = await scene.parley();
  const { page } = await scene.person('Ann', { devices: 'denied' });
  await page.goto(`${parley.url}check`);
  assert.match(await verdict(page, 'Your network is fine'), /camera and microphone need attention/);
  await says(page, 'Camera', /Your browser blocks the camera here/);
});

story('where invitations are needed, the check needs one', async (scene) => {
  const parley = await scene.parley({ AUTH_TOKEN });
  const answer = await fetch(new URL('api/rooms/blue/tokens', parley.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${AUTH_TOKEN}`, 'content-type': 'application/json' },
    body: '{}',
  });
  const { token } = (await answer.json()) as { token: string };
  const { page } = await whoChecks(scene, parley);

  await scene.step('without one it says what to do', async () => {
    assert.match(await verdict(page, 'The network was not checked'), /Open your invitation/);
    await says(page, 'Camera', /It works/);
    await says(page, 'Server', /Connected/);
  });
  await scene.step('with one it runs before the call', async () => {
    await page.goto(parley.room('blue', { token }));
    await page.getByRole('button', { name: 'Check your network' }).click();
    await verdict(page, 'Calls will work well');
  });
  await scene.step('and then on its own page', async () => {
    await page.goto(`${parley.url}check?room=blue`);
    await verdict(page, 'Calls will work well');
    await page.getByRole('link', { name: 'Go to blue' }).click();
    await page.getByRole('textbox', { name: 'Your name' }).waitFor();
  });
});

story('before a call it is a step away, and nothing is lost', async (scene) => {
  const parley = await scene.parley();
  const { page } = await scene.person('Ann');
  const check = page.getByRole('button', { name: 'Check your network' });
  const dialog = page.getByRole('dialog', { name: 'Network check' });

  await scene.step('what was entered stays', async () => {
    await page.goto(parley.room('blue'));
    await page.getByRole('textbox', { name: 'Your name' }).fill('Ann');
    await tabTo(check);
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    await isOver(page);
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await page.getByRole('textbox', { name: 'Your name' }).inputValue(), 'Ann');
    await until('the focus to be where it was', async () => {
      assert.equal(await check.evaluate((button) => button === document.activeElement), true);
    });
  });
  await scene.step('after a failed join it is offered', async () => {
    // Loaded before the server is gone.
    await parley.stop();
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    const alert = page.getByRole('alert');
    await alert.getByRole('button', { name: 'Check your network' }).click();
    await verdict(page, 'Calls will not work');
    await says(page, 'Server', /a WebSocket\) does not open/);
    await says(page, 'Server', /allow WebSockets to localhost/);
  });
});

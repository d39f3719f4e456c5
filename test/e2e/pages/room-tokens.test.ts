// A server with AUTH_TOKEN: only whoever was invited gets in, and everybody else is told why not.
import assert from 'node:assert/strict';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';
import type { Parley } from '../../support/server/parley.ts';

const AUTH_TOKEN = 'the-operators-own-secret-0123456789';

interface Invitation {
  token: string;
  url: string;
  /** UTC seconds, like the token's own `exp`. */
  expiresAt: number;
}

function ask(parley: Parley, room: string, bearer: string, body: object): Promise<Response> {
  return fetch(new URL(`api/rooms/${room}/tokens`, parley.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function invite(parley: Parley, room: string, body: object = {}): Promise<Invitation> {
  const response = await ask(parley, room, AUTH_TOKEN, body);
  assert.equal(response.status, 201);
  return (await response.json()) as Invitation;
}

async function isRefused(person: Participant, url: string, reason: RegExp): Promise<void> {
  await person.open(url);
  await person.page.getByRole('button', { name: 'Join', exact: true }).click();
  await person.page.getByRole('alert').getByText(reason).waitFor();
}

story('an invitation lets people in, under the name and role it gives them', async (scene) => {
  const parley = await scene.parley({ AUTH_TOKEN });

  await scene.step('the operator alone can make invitations', async () => {
    const refused = await ask(parley, 'blue', 'somebody-elses-secret-0123456789', {});
    assert.equal(refused.status, 401);
  });

  const ann = await scene.person('Ann');
  await scene.step('a link without a name asks for one', async () => {
    const { token, url } = await invite(parley, 'blue', { role: 'host' });
    assert.equal(url, parley.room('blue', { token }));
    await ann.join(url);
    assert.ok(!ann.page.url().includes(token), 'the token stays in the address bar');
  });

  const bo = await scene.person('Bo');
  await scene.step('a link with a name does not', async () => {
    const { url } = await invite(parley, 'blue', { name: 'Bo' });
    await bo.page.goto(url);
    await bo.clickJoin();
    await ann.sees('Bo');
    await bo.sees('Ann');
  });

  const vi = await scene.person('Vi');
  await scene.step('a viewer sees and hears, and shares nothing', async () => {
    const { url } = await invite(parley, 'blue', { role: 'viewer' });
    await vi.join(url);
    await vi.sees('Ann');
    await vi.hears(2);
    await ann.seesNoPicture(ann.tile('Vi'));
    for (const name of ['Microphone', 'Camera', 'Share screen'] as const) {
      assert.equal(await vi.button(name).count(), 0, name);
    }
  });
});

story('without a valid invitation the page says why one cannot join', async (scene) => {
  const parley = await scene.parley({ AUTH_TOKEN });
  const ann = await scene.person('Ann');

  await scene.step('none', () => isRefused(ann, parley.room('blue'), /needs an invitation/i));

  await scene.step('one for another room', async () => {
    const { token } = await invite(parley, 'green');
    await isRefused(ann, parley.room('blue', { token }), /for another room/i);
  });

  await scene.step('one that has expired', async () => {
    const { url, expiresAt } = await invite(parley, 'red', { expiresIn: 1 });
    await until('the invitation to expire', () => assert.ok(Date.now() / 1_000 > expiresAt));
    await isRefused(ann, url, /has expired/i);
  });

  await scene.step('one that was tampered with', async () => {
    const { token } = await invite(parley, 'yellow');
    const [header, payload, signature = ''] = token.split('.');
    const forged = `${header}.${payload}.${signature.split('').reverse().join('')}`;
    await isRefused(ann, parley.room('yellow', { token: forged }), /not valid/i);
  });
});

// Whether somebody is shown as online is committed until the room has it.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Presence } from '../../../../server/signaling/session/presence.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const settled = () => new Promise((resolve) => setImmediate(resolve));

function scene() {
  const commits: { online: boolean; answer: PromiseWithResolvers<unknown> }[] = [];
  const resources = new Resources();
  const presence = new Presence({
    online: true,
    resources,
    log: createLogger('silent'),
    commit(online) {
      const answer = Promise.withResolvers<unknown>();
      commits.push({ online, answer });
      return answer.promise;
    },
  });
  const asked = () => commits.map(({ online }) => online);
  return { presence, commits, asked, resources };
}

test('presence that was not committed is committed later', async () => {
  const { presence, commits, asked, resources } = scene();
  const first = presence.set(false);
  commits[0]?.answer.reject(new Error('the store is away'));
  await first;
  assert.deepEqual(asked(), [false]);
  mock.timers.tick(500);
  await settled();
  commits[1]?.answer.reject(new Error('still away'));
  await settled();
  mock.timers.tick(999);
  await settled();
  assert.deepEqual(asked(), [false, false]);
  mock.timers.tick(1);
  await settled();
  commits[2]?.answer.resolve({});
  await settled();
  mock.timers.tick(60_000);
  await settled();
  assert.deepEqual(asked(), [false, false, false]);
  assert.equal(resources.counts().timer, 0);
});

test('a commit whose answer was lost may have been done: who is back says so', async () => {
  const { presence, commits, asked } = scene();
  const away = presence.set(false);
  commits[0]?.answer.reject(new Error('no answer'));
  await away;
  const back = presence.set(true);
  await settled();
  commits[1]?.answer.resolve({});
  await back;
  assert.deepEqual(asked(), [false, true]);
});

test('who is back does not wait for the commit of being away, nor is it taken for the last word', async () => {
  const { presence, commits, asked, resources } = scene();
  const away = presence.set(false);
  const back = presence.set(true);
  assert.deepEqual(asked(), [false, true]);
  commits[1]?.answer.resolve({});
  await back;
  commits[0]?.answer.reject(new Error('its fence is an older one'));
  await away;
  assert.equal(resources.counts().timer, 0);
  await presence.set(true);
  assert.deepEqual(asked(), [false, true]);
});

test('what is so already is not committed, and nothing is after the end', async () => {
  const { presence, commits, asked, resources } = scene();
  await presence.set(true);
  assert.deepEqual(asked(), []);
  const away = presence.set(false);
  presence.end();
  commits[0]?.answer.reject(new Error('the store is away'));
  await away;
  mock.timers.tick(60_000);
  await settled();
  assert.deepEqual(asked(), [false]);
  assert.equal(resources.counts().timer, 0);
});

// The rejoin token is renewed while a call lasts, whatever one renewal comes to, and ends with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rejoin } from '../../../../client/sdk/session/rejoin.ts';

const HOUR_MS = 3_600_000;
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('renewed in a third of its life, again after a failure, and forgotten at the end', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answers: Array<() => Promise<{ token: string; forMs: number } | undefined>> = [
    async () => ({ token: 'two', forMs: HOUR_MS }),
    async () => Promise.reject(new Error('no link')),
    async () => undefined,
    async () => ({ token: 'three', forMs: HOUR_MS }),
  ];
  let asked = 0;
  const rejoin = new Rejoin(() => answers[asked++]?.() ?? Promise.resolve(undefined));
  assert.equal(rejoin.token, undefined);
  rejoin.take({ token: 'one', forMs: HOUR_MS });
  const seen: Array<string | undefined> = [];
  for (let n = 0; n < 4; n++) {
    t.mock.timers.tick(HOUR_MS / 3);
    await settled();
    seen.push(rejoin.token);
  }
  assert.deepEqual(seen, ['two', 'two', 'two', 'three']);
  rejoin.close();
  t.mock.timers.tick(HOUR_MS);
  assert.equal(asked, 4);
  assert.equal(rejoin.token, undefined);
});

test('where rooms are open nothing is renewed', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const rejoin = new Rejoin(() => assert.fail('it asked'));
  rejoin.take(undefined);
  t.mock.timers.tick(HOUR_MS);
  assert.equal(rejoin.token, undefined);
});

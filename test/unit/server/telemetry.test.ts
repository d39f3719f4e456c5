// What operators see: logs without secrets, and counts that come back to zero.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../../server/telemetry/log.ts';
import { createMetrics, serveMetrics } from '../../../server/telemetry/metrics.ts';
import { RESOURCE_KINDS, Resources } from '../../../server/telemetry/resources.ts';
import { ParleyError } from '../../../shared/errors.ts';

const SECRET = 'swordfish-7f3a';

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger('trace', { write: (line) => void lines.push(line) }));
  return lines.join('');
}

test('no secret field reaches a log line, however deep it stands', () => {
  const names = [
    'token',
    'authToken',
    'authorization',
    'cookie',
    'resumeSecret',
    'resumeHash',
    'sharedSecret',
    'password',
    'credential',
    'text',
  ];
  for (const name of names) {
    const fields = { [name]: SECRET };
    const text = logged((log) => {
      log.info(fields, 'top');
      log.info({ params: fields }, 'one down');
      log.info({ request: { params: fields } }, 'two down');
      log.info({ a: { request: { params: fields } } }, 'three down');
      log.child({ session: fields }).info('a child of the logger');
    });
    assert.ok(!text.includes(SECRET), `${name}: ${text}`);
    assert.match(text, /\[redacted\]/);
  }
});

test('an error is logged with its code and its causes, and a refusal without a stack', () => {
  const cause = new TypeError('worker said no');
  const text = logged((log) => {
    log.error({ err: new ParleyError('media_failed', { cause }) }, 'it failed');
  });
  const { err } = JSON.parse(text);
  assert.equal(err.code, 'media_failed');
  assert.equal(err.stack, undefined);
  assert.equal(err.cause.message, 'worker said no');
  assert.match(err.cause.stack, /telemetry\.test/);
});

test('what is opened is counted until it is closed, once', () => {
  const resources = new Resources();
  const close = [resources.open('socket'), resources.open('socket')];
  assert.equal(resources.counts().socket, 2);
  close[0]?.();
  close[0]?.();
  assert.equal(resources.counts().socket, 1, 'closing twice counts once');
  close[1]?.();
  assert.deepEqual(resources.counts(), Object.fromEntries(RESOURCE_KINDS.map((kind) => [kind, 0])));
});

test('a timer is counted until it fires or is closed', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const resources = new Resources();
  let fired = 0;
  const count = () => {
    fired += 1;
  };
  resources.after(100, count);
  const closed = resources.after(100, count);
  const repeated = resources.every(40, count);
  assert.equal(resources.counts().timer, 3);
  closed.close();
  t.mock.timers.tick(100);
  assert.equal(fired, 3, 'once after 100 ms, twice every 40 ms');
  assert.equal(resources.counts().timer, 1);
  repeated.close();
  repeated.close();
  closed.close();
  t.mock.timers.tick(1_000);
  assert.equal(fired, 3);
  assert.equal(resources.counts().timer, 0);
});

test('metrics show what is open now, at /metrics and nowhere else', async (t) => {
  const resources = new Resources();
  resources.open('session');
  const server = await serveMetrics(createMetrics(resources), { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const at = (path: string, method = 'GET') =>
    fetch(`http://127.0.0.1:${server.address.port}${path}`, { method });
  const text = await (await at('/metrics')).text();
  assert.match(text, /^parley_resources\{kind="session"\} 1$/m);
  assert.match(text, /^parley_resources\{kind="worker"\} 0$/m);
  for (const [path, method] of [
    ['/', 'GET'],
    ['/metrics/x', 'GET'],
    ['/metrics', 'POST'],
  ] as const) {
    assert.equal((await at(path, method)).status, 404, `${method} ${path}`);
  }
});

test('a wait at most is over with the promise or with the time, and leaves no timer', async () => {
  const resources = new Resources();
  assert.equal(await resources.atMost(60_000, Promise.resolve()), true);
  assert.equal(await resources.atMost(1, new Promise(() => {})), false);
  await assert.rejects(resources.atMost(60_000, Promise.reject(new Error('why'))), /why/);
  assert.equal(resources.counts().timer, 0);
  const waited = resources.wait(1);
  assert.equal(resources.counts().timer, 1);
  await waited;
  assert.equal(resources.counts().timer, 0);
});

// The network check by the SDK: its paths through real mediasoup, and through a real relay.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkNetwork } from '../../../client/sdk/check/network-check.ts';
import type { NetworkState, PathResult } from '../../../client/sdk/check/types.ts';
import { startServer } from '../../support/server/app.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { startCoturn } from '../../support/turn/coturn.ts';
import { probed } from '../../support/turn/probed.ts';
import '../../support/sdk/media.ts';

function pathOf(state: NetworkState, kind: PathResult['kind'], url = ''): PathResult {
  const found = state.results.find((one) => one.kind === kind && (one.url ?? '').includes(url));
  assert.ok(found, `no path by ${kind} ${url}`);
  return found;
}

function works(path: PathResult): void {
  assert.equal(path.state, 'works', JSON.stringify(path));
  assert.ok(path.connectMs !== null && path.connectMs > 0);
  assert.ok(path.quality && path.quality.roundTripMs < 1_000, JSON.stringify(path.quality));
}

test('UDP, TCP and each address of a relay work, and the best is measured', async (context) => {
  const coturn = ownedBy(context).use(await startCoturn('secret'));
  const server = await startServer(context, coturn.env);
  const steps: NetworkState[] = [];
  const state = await checkNetwork({
    url: server.url,
    onProgress: (step) => void steps.push(step),
  });

  assert.equal(state.done, true);
  assert.equal(state.socket.state, 'works');
  works(pathOf(state, 'udp'));
  works(pathOf(state, 'tcp'));
  works(pathOf(state, 'relay', 'transport=udp'));
  works(pathOf(state, 'relay', 'transport=tcp'));
  assert.equal(pathOf(state, 'relay', 'transport=udp').local?.type, 'relay');
  assert.ok(state.speed.state === 'measured', state.speed.state);
  assert.equal(state.speed.pathId, pathOf(state, 'udp').id);
  assert.ok(state.speed.bitsPerSecond > 1_000_000, `${state.speed.bitsPerSecond} bit/s`);
  context.diagnostic(JSON.stringify(state, null, 1));

  // Each thing is told when it is known.
  assert.ok(
    steps.some(({ socket, paths }) => socket.state === 'works' && paths.state === 'waiting'),
  );
  assert.ok(steps.some(({ speed }) => speed.state === 'running'));
  assert.deepEqual(steps.at(-1), state);
  await server.becomesIdle();
});

test('a server that takes TCP alone offers that alone', async (context) => {
  const server = await startServer(context, { MEDIA_PROTOCOLS: 'tcp' });
  const state = await checkNetwork({ url: server.url });
  assert.deepEqual(
    state.results.map(({ kind }) => kind),
    ['tcp'],
  );
  works(pathOf(state, 'tcp'));
  await server.becomesIdle();
});

test('a relay with another secret refuses, and that is said', async (context) => {
  const coturn = ownedBy(context).use(await startCoturn('secret'));
  const server = await startServer(context, { ...coturn.env, TURN_SHARED_SECRET: 'another one' });
  const state = await checkNetwork({ url: server.url });
  works(pathOf(state, 'udp'));
  const relay = pathOf(state, 'relay', 'transport=udp');
  context.diagnostic(JSON.stringify(relay));
  assert.equal(relay.state, 'fails');
  assert.equal(relay.failure, 'relay-refused');
  assert.deepEqual(
    relay.refusals.map(({ code }) => code),
    [401],
  );
});

test('a relay that is not there is silent', async (context) => {
  const coturn = await startCoturn('secret');
  const server = await startServer(context, coturn.env);
  await probed(server.app.metricsUrl);
  await coturn[Symbol.asyncDispose]();
  const state = await checkNetwork({ url: server.url });
  const relay = pathOf(state, 'relay', 'transport=tcp');
  assert.equal(relay.failure, 'relay-silent', JSON.stringify(relay));
});

test('a server that is not there', async () => {
  const state = await checkNetwork({ url: 'http://127.0.0.1:9' });
  assert.deepEqual(state.socket, { state: 'fails', code: 'unreachable' });
  assert.deepEqual([state.done, state.results], [true, []]);
});

test('a check that is given up leaves nothing behind', async (context) => {
  const server = await startServer(context);
  const given = new AbortController();
  await checkNetwork({
    url: server.url,
    signal: given.signal,
    onProgress: ({ paths }) => {
      if (paths.state === 'given') given.abort();
    },
  });
  await server.becomesIdle();
});

// What one end of a pipe asks of the other: the newest state, until it is taken; and pauses in the order they were asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipeAsks, type PipeAsksOptions } from '../../../../server/sfu/mesh/pipe-asks.ts';
import { Flow } from '../../../../server/sfu/rooms/flow.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { ParleyError } from '../../../../shared/errors.ts';
import { EVERY_LAYER, NO_LAYER } from '../../../../shared/protocol/media-messages.ts';
import { until } from '../../../support/process/until.ts';

type State = Parameters<PipeAsksOptions['request']>[0];

/** The other end, which answers as the test says. */
function asking(answer: (state: State) => Promise<unknown>) {
  const heard: State[] = [];
  const resources = new Resources();
  const asks = new PipeAsks({
    resources,
    request: (state) => {
      heard.push(state);
      return answer(state);
    },
  });
  return { asks, heard, resources };
}

test('changes of one moment are asked for together, and nothing twice', async () => {
  const { asks, heard, resources } = asking(async () => {});
  asks.ask('a', NO_LAYER);
  asks.ask('b', 1);
  asks.ask('a', NO_LAYER);
  await until('it to be asked', () => assert.equal(heard.length, 1));
  assert.deepEqual(heard, [{ version: 1, layers: { a: NO_LAYER, b: 1 } }]);
  asks.ask('a', EVERY_LAYER);
  await until('the second one', () => assert.equal(heard.length, 2));
  assert.deepEqual(heard[1], { version: 2, layers: { b: 1 } });
  asks.close();
  assert.equal(resources.counts().timer, 0);
});

test('a track that comes again on the same pipe is wanted whole, and the other end knows it', async () => {
  const { asks, heard } = asking(async () => {});
  asks.ask('a', NO_LAYER);
  await until('it to be asked', () => assert.equal(heard.length, 1));
  asks.forget('a');
  await until('it to be taken back', () => assert.equal(heard.length, 2));
  assert.deepEqual(heard[1], { version: 2, layers: {} });
  assert.equal(asks.of('a'), EVERY_LAYER);
  asks.close();
});

test('while an answer is out, changes wait; then the newest state alone is asked for', async () => {
  const first = Promise.withResolvers<void>();
  const { asks, heard } = asking(({ version }) =>
    version === 1 ? first.promise : Promise.resolve(),
  );
  asks.ask('a', 0);
  await until('it to be asked', () => assert.equal(heard.length, 1));
  asks.ask('a', 1);
  asks.ask('a', 2);
  await Promise.resolve();
  assert.equal(heard.length, 1);
  first.resolve();
  await until('the newest', () => assert.equal(heard.length, 2));
  assert.deepEqual(heard[1]?.layers, { a: 2 });
  asks.close();
});

test('what was not answered is asked for again, with what is wanted by then', async () => {
  let failures = 2;
  const { asks, heard, resources } = asking(async () => {
    if (failures-- > 0) throw new ParleyError('timeout');
  });
  asks.ask('a', NO_LAYER);
  await until('a failure', () => assert.equal(heard.length, 1));
  asks.ask('a', 1);
  await until('an answer', () => assert.equal(failures, -1));
  const last = heard.at(-1);
  assert.deepEqual(last, { version: heard.length, layers: { a: 1 } });
  asks.close();
  assert.equal(resources.counts().timer, 0);
});

test('a node of an older release is asked once, and sends everything', async () => {
  const { asks, heard, resources } = asking(async () => {
    throw new ParleyError('unknown_method');
  });
  asks.ask('a', NO_LAYER);
  await until('it to be asked', () => assert.equal(heard.length, 1));
  asks.ask('a', 0);
  await new Promise(setImmediate);
  assert.equal(heard.length, 1);
  assert.equal(resources.counts().timer, 0);
});

test('an end of a pipe is paused and resumed in turn, and ends as it was asked last', async () => {
  const log: string[] = [];
  const turns: (() => void)[] = [];
  const command = (name: string) => () => {
    log.push(name);
    return new Promise<void>((resolve) => turns.push(resolve));
  };
  const end = { closed: false, paused: false, pause: command('pause'), resume: command('resume') };
  const flow = new Flow(end, createLogger('silent'));
  flow.set(true);
  assert.deepEqual(log, []);
  flow.set(false);
  flow.set(true);
  assert.deepEqual(log, ['pause']);
  turns.shift()?.();
  await until('it to be resumed', () => assert.deepEqual(log, ['pause', 'resume']));
  turns.shift()?.();
  await new Promise(setImmediate);
  assert.equal(log.length, 2);
  flow.set(false);
  end.closed = true;
  turns.shift()?.();
  flow.set(true);
  await new Promise(setImmediate);
  assert.equal(log.length, 3);
});

// The bus: questions to one node, and news to whoever listens.
import assert from 'node:assert/strict';
import { ParleyError } from '../../../shared/errors.ts';
import { until } from '../../support/process/until.ts';
import { type ClusterTest, refusal } from './cluster-test.ts';

const SOON = { timeoutMs: 5_000 };

export function busContract(promises: ClusterTest): void {
  promises('a question reaches the node, and its answer comes back', async ({ a, b }) => {
    await b.bus.serve('node-1', async (command, params) => ({ command, params }));
    const answer = await a.bus.request('node-1', 'open', { room: 'team', list: [1, null] }, SOON);
    assert.deepEqual(answer, { command: 'open', params: { room: 'team', list: [1, null] } });
  });

  promises('questions are answered by the node that was asked', async ({ a, b }) => {
    await a.bus.serve('node-1', async () => 'one');
    await b.bus.serve('node-2', async () => 'two');
    assert.equal(await b.bus.request('node-1', 'x', {}, SOON), 'one');
    assert.equal(await b.bus.request('node-2', 'x', {}, SOON), 'two');
  });

  promises('many questions at once get each its own answer', async ({ a, b }) => {
    await b.bus.serve('node-1', async (_, params) => {
      const { n } = params as { n: number };
      for (let turn = 0; turn < n % 7; turn++) await new Promise(setImmediate);
      return n;
    });
    const numbers = Array.from({ length: 100 }, (_, n) => n);
    const answers = numbers.map((n) => a.bus.request('node-1', 'echo', { n }, SOON));
    assert.deepEqual(await Promise.all(answers), numbers);
  });

  promises('nobody there is no capacity', async ({ a, b }) => {
    assert.equal(await refusal(a.bus.request('node-1', 'x', {}, SOON)), 'no_capacity');
    const served = await b.bus.serve('node-1', async () => 'here');
    await served.close();
    await served.close();
    assert.equal(await refusal(a.bus.request('node-1', 'x', {}, SOON)), 'no_capacity');
  });

  promises('a node that does not answer in time is a timeout', async ({ a, b }) => {
    await b.bus.serve('node-1', () => new Promise(() => {}));
    assert.equal(await refusal(a.bus.request('node-1', 'x', {}, { timeoutMs: 30 })), 'timeout');
  });

  promises('an answer that comes too late harms nobody', async ({ a, b }) => {
    const late = Promise.withResolvers<unknown>();
    // The question may arrive after all is over.
    late.promise.catch(() => {});
    await b.bus.serve('node-1', (command) =>
      command === 'slow' ? late.promise : Promise.resolve('quick'),
    );
    assert.equal(await refusal(a.bus.request('node-1', 'slow', {}, { timeoutMs: 30 })), 'timeout');
    late.reject(new Error('nobody waits for this any more'));
    assert.equal(await a.bus.request('node-1', 'quick', {}, SOON), 'quick');
  });

  promises('a refusal keeps its code, its sentence and its pause', async ({ a, b }) => {
    await b.bus.serve('node-1', async () => {
      throw new ParleyError('no_capacity', { message: 'Try node 2.', retryAfterMs: 250 });
    });
    await assert.rejects(a.bus.request('node-1', 'x', {}, SOON), {
      code: 'no_capacity',
      message: 'Try node 2.',
      retryAfterMs: 250,
    });
  });

  promises('an accident of the node is an internal error to whoever asked', async ({ a, b }) => {
    await b.bus.serve('node-1', async () => {
      throw new TypeError('undefined is not a function');
    });
    const thrown = await a.bus.request('node-1', 'x', {}, SOON).catch(ParleyError.from);
    assert.equal((thrown as ParleyError).code, 'internal');
  });

  promises('news reach every listener once, in the order they were told', async ({ a, b }) => {
    const heard: [unknown[], unknown[]] = [[], []];
    await a.bus.subscribe('news', (message) => heard[0].push(message));
    await b.bus.subscribe('news', (message) => heard[1].push(message));
    await b.bus.subscribe('weather', () => assert.fail('another topic'));
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    await Promise.all(numbers.map((n) => a.bus.publish('news', n)));
    for (const list of heard) await until('all of it', () => assert.deepEqual(list, numbers));
  });

  promises('the same listener may subscribe twice and leave once', async ({ a, b }) => {
    const heard: unknown[] = [];
    const listener = (message: unknown) => void heard.push(message);
    const first = await a.bus.subscribe('news', listener);
    await a.bus.subscribe('news', listener);
    await first.close();
    await first.close();
    await b.bus.publish('news', 'once');
    await until('it', () => assert.deepEqual(heard, ['once']));
  });

  promises('nobody is called back within their own call', async ({ a }) => {
    const order: string[] = [];
    await a.bus.subscribe('news', () => order.push('heard'));
    await a.bus.serve('node-1', async () => order.push('asked'));
    const told = a.bus.publish('news', {});
    const asked = a.bus.request('node-1', 'x', {}, SOON);
    order.push('went on');
    await Promise.all([told, asked]);
    await until('both', () => assert.equal(order.length, 3));
    assert.equal(order[0], 'went on');
  });

  promises('messages are copies: nobody shares an object with anybody', async ({ a, b }) => {
    const sent = { list: [1], absent: undefined };
    const heard: unknown[] = [];
    await a.bus.subscribe('news', (message) => Object.assign(message as object, { list: 'gone' }));
    await b.bus.subscribe('news', (message) => heard.push(message));
    const answer = { list: [1] };
    await b.bus.serve('node-1', async (_, params) => {
      Object.assign(params as object, { list: 'gone' });
      return answer;
    });
    const publishing = a.bus.publish('news', sent);
    const asking = a.bus.request('node-1', 'x', sent, SOON);
    sent.list.push(2);
    await publishing;
    const got = await asking;
    assert.notEqual(got, answer);
    await until('the news', () => assert.deepEqual(heard, [{ list: [1] }]));
    assert.deepEqual(sent, { list: [1, 2], absent: undefined });
  });

  promises('a listener that fails is reported, and the others still hear', async (pair) => {
    const heard: unknown[] = [];
    await pair.a.bus.subscribe('news', () => {
      throw new Error('a broken listener');
    });
    await pair.a.bus.subscribe('news', (message) => heard.push(message));
    await pair.b.bus.publish('news', 'hello');
    await until('the others to hear', () => assert.deepEqual(heard, ['hello']));
    assert.match(String(pair.listenerErrors[0]), /a broken listener/);
  });
}

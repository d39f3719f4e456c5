// The way to the server: what a client does when it is lost, refused, or told to go.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Link, type LinkOptions } from '../../../../client/sdk/link/link.ts';
import { Socket } from '../../../../client/sdk/link/socket.ts';
import { freeTcpPort } from '../../../support/network/ports.ts';
import { until, within } from '../../../support/process/until.ts';
import {
  type Answer,
  type Scripted,
  scriptedServer,
} from '../../../support/sdk/scripted-server.ts';
import { ownedBy } from '../../../support/server/owned.ts';

const bye = (connection: Scripted, code: 'shutting_down' | 'removed', reconnect: boolean) =>
  connection.sendEvent('bye', { error: { code, message: 'The script ends it.' }, reconnect });

interface Watched {
  link: Link;
  /** What happened, in order. */
  story: string[];
}

/** A link that enters with one request. */
function watchedLink(t: TestContext, url: string, options: Partial<LinkOptions> = {}): Watched {
  const story: string[] = [];
  const link = new Link({
    url,
    enter: async (socket) => {
      await socket.request('leave', {});
      story.push('entered');
    },
    onEvent: (event) => story.push(event),
    onDown: () => story.push('down'),
    onUp: () => story.push('up'),
    onEnded: ({ code }) => story.push(`ended: ${code}`),
    ...options,
  });
  ownedBy(t).defer(() => link.close());
  return { link, story };
}

async function told(story: readonly string[], ...expected: string[]): Promise<void> {
  await until(expected.join(', '), () => assert.deepEqual(story, expected));
}

test('a lost socket is replaced by another, which enters the call again', async (t) => {
  const server = await scriptedServer(t);
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  server.connections[0]?.drop();
  await told(story, 'entered', 'up', 'down', 'entered', 'up');
  assert.ok(link.up);
});

test('a ready socket that is dead costs no more than finding out', async (t) => {
  const server = await scriptedServer(t, ({ id }, connection) => {
    // The first connection is the ready one: its server is gone.
    if (connection === server.connections[0]) connection.drop();
    else connection.reply(id, {});
  });
  const { link, story } = watchedLink(t, server.url, {
    ready: (listener) => Socket.open(server.url, listener),
  });
  await link.start();
  assert.deepEqual([story, link.up], [['entered', 'up'], true]);
  assert.equal(server.connections.length, 2);
});

test('a ready socket that is refused is not tried again on another', async (t) => {
  const server = await scriptedServer(t, ({ id }, connection) => {
    connection.refuse(id, 'room_full');
  });
  const { link } = watchedLink(t, server.url, {
    ready: (listener) => Socket.open(server.url, listener),
  });
  await assert.rejects(link.start(), { code: 'room_full' });
  assert.equal(server.connections.length, 1);
});

test('a link goes on trying while nobody answers', async (t) => {
  let refusals = 2;
  const answer: Answer = ({ id }, connection) => {
    if (refusals-- > 0) connection.drop();
    else connection.reply(id, {});
  };
  const server = await scriptedServer(t, (request, connection) =>
    server.connections.length === 1
      ? connection.reply(request.id, {})
      : answer(request, connection),
  );
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  server.connections[0]?.drop();
  await told(story, 'entered', 'up', 'down', 'entered', 'up');
  assert.equal(server.connections.length, 4);
});

test('while the link is down requests fail at once, with a code that says why', async (t) => {
  const server = await scriptedServer(t, ({ id, method }, connection) => {
    if (method !== 'chat') connection.reply(id, {});
    else connection.drop();
  });
  const { link } = watchedLink(t, server.url);
  await assert.rejects(link.request('ping', {}), { code: 'unreachable' });
  await link.start();
  await link.request('ping', {});
  await assert.rejects(link.request('chat', { id: 'message-0001', text: 'hello' }), {
    code: 'unreachable',
  });
});

test('a server that is told to go away sends its clients to another at once', async (t) => {
  const server = await scriptedServer(t);
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  const [first] = server.connections;
  assert.ok(first);
  bye(first, 'shutting_down', true);
  await told(story, 'entered', 'up', 'down', 'entered', 'up');
});

test('a farewell for good ends the link with the reason, and nobody reconnects', async (t) => {
  const server = await scriptedServer(t);
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  const [first] = server.connections;
  assert.ok(first);
  bye(first, 'removed', false);
  first.close(4000);
  await told(story, 'entered', 'up', 'ended: removed');
  assert.equal(server.connections.length, 1);
});

test('a refusal to let us in again that will not pass ends the link', async (t) => {
  const server = await scriptedServer(t, ({ id }, connection) => {
    if (server.connections.length === 1) connection.reply(id, {});
    else connection.refuse(id, 'token_expired');
  });
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  server.connections[0]?.drop();
  await told(story, 'entered', 'up', 'down', 'ended: token_expired');
});

test('a refusal that passes is tried again', async (t) => {
  const server = await scriptedServer(t, ({ id }, connection) => {
    if (server.connections.length === 2) connection.refuse(id, 'no_capacity');
    else connection.reply(id, {});
  });
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  server.connections[0]?.drop();
  await told(story, 'entered', 'up', 'down', 'entered', 'up');
  assert.equal(server.connections.length, 3);
});

test('a first join that is refused says why, and is not tried again', async (t) => {
  const server = await scriptedServer(t, ({ id }, connection) =>
    connection.refuse(id, 'room_full'),
  );
  const { link, story } = watchedLink(t, server.url);
  await assert.rejects(link.start(), { code: 'room_full' });
  assert.deepEqual(story, []);
  assert.equal(server.connections.length, 1);
});

test('a server of another version says so before anything is answered', async (t) => {
  const nobodyAnswers = () => {};
  const server = await scriptedServer(t, nobodyAnswers, (connection) => {
    const error = { code: 'unsupported_version', message: 'Reload the page.' } as const;
    connection.sendEvent('bye', { error, reconnect: false });
    connection.close(4000);
  });
  const { link } = watchedLink(t, server.url);
  await assert.rejects(link.start(), { code: 'unsupported_version' });
});

test('an answer that cannot be read fails the one who waits for it', async (t) => {
  const server = await scriptedServer(t, ({ id }, connection) => connection.reply(id, 'nonsense'));
  const { link } = watchedLink(t, server.url);
  await assert.rejects(link.start(), { code: 'unsupported_version' });
});

test('nobody at the address is unreachable', async (t) => {
  const { link } = watchedLink(t, `http://127.0.0.1:${await freeTcpPort()}/`);
  await assert.rejects(link.start(), { code: 'unreachable' });
});

test('a join that is given up rejects with the reason at once, whatever it waits for', async (t) => {
  const silent = await scriptedServer(t, () => {});
  const reason = new Error('the person went back');
  const early = watchedLink(t, silent.url);
  await assert.rejects(early.link.start(AbortSignal.abort(reason)), reason);
  const late = watchedLink(t, silent.url);
  const giveUp = new AbortController();
  const joining = late.link.start(giveUp.signal);
  joining.catch(() => {});
  await until('the join to have been asked for', () => assert.equal(silent.requests.length, 1));
  giveUp.abort(reason);
  await assert.rejects(within('the rejection', 1_000, joining), reason);
  assert.equal(late.link.up, false);
});

test('what is said in one packet with the answer is heard after the answer was taken in', async (t) => {
  const speakers = (connection: Scripted) => connection.sendEvent('speakers', { speakers: [] });
  const server = await scriptedServer(t, ({ id }, connection) =>
    connection.atOnce(() => {
      connection.reply(id, {});
      speakers(connection);
      speakers(connection);
    }),
  );
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  await told(story, 'entered', 'up', 'speakers', 'speakers');
});

test('an event that this version does not know is passed over', async (t) => {
  const server = await scriptedServer(t);
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  server.connections[0]?.raw('{"event":"somethingNew","data":{}}');
  await link.request('ping', {});
  await told(story, 'entered', 'up');
});

test('a server that falls silent is left after nine seconds, though TCP says nothing', async (t) => {
  let isSilent = false;
  const server = await scriptedServer(t, ({ id }, connection) => {
    if (!isSilent) connection.reply(id, {});
  });
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  isSilent = true;
  t.mock.timers.tick(5_000);
  t.mock.timers.tick(4_000);
  isSilent = false;
  await Promise.resolve();
  await new Promise(setImmediate);
  assert.deepEqual(story, ['entered', 'up', 'down']);
});

test('a server in doubt is asked at once, and left when it does not answer', async (t) => {
  const server = await scriptedServer(t, ({ id, method }, connection) => {
    if (method !== 'ping') connection.reply(id, {});
  });
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  const startedAt = performance.now();
  link.doubt();
  await told(story, 'entered', 'up', 'down', 'entered', 'up');
  // Left to itself it would have taken nine seconds.
  assert.ok(performance.now() - startedAt < 5_000);
});

test('a server that refuses a ping is there all the same', async (t) => {
  const server = await scriptedServer(t, ({ id, method }, connection) => {
    if (method === 'ping') connection.refuse(id, 'rate_limited');
    else connection.reply(id, {});
  });
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  t.mock.timers.tick(5_000);
  await link.request('leave', {});
  t.mock.timers.tick(4_000);
  await new Promise(setImmediate);
  assert.deepEqual(story, ['entered', 'up']);
});

test('a closed link does nothing more', async (t) => {
  const server = await scriptedServer(t);
  const { link, story } = watchedLink(t, server.url);
  await link.start();
  link.close();
  link.close();
  server.connections[0]?.drop();
  await assert.rejects(link.request('ping', {}), { code: 'unreachable' });
  assert.deepEqual(story, ['entered', 'up']);
  assert.equal(link.up, false);
});

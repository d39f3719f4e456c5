// Leaving when there is no socket any more, or none that hears: how long it is tried, and what ends it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaveLate } from '../../../../client/sdk/link/late-leave.ts';
import { Link } from '../../../../client/sdk/link/link.ts';
import { freeTcpPort } from '../../../support/network/ports.ts';
import { until } from '../../../support/process/until.ts';
import { type Answer, scriptedServer } from '../../../support/sdk/scripted-server.ts';

const SESSION = {
  ...{ room: 'team', participantId: 'participant-ada', resumeSecret: 'x'.repeat(43), version: 1 },
  rtpCapabilities: { codecs: [], headerExtensions: [] },
};
const LONG_MS = 60_000;

function methods(requests: readonly { method: string }[]): string[] {
  return requests.map(({ method }) => method);
}

// That it ends the session then: test/integration/sessions/losing-the-socket.test.ts.
test('it is tried until a server answers, and no more when the place is given up', async (t) => {
  let silent = 2;
  const answer: Answer = ({ id }, connection) => {
    if (silent-- > 0) connection.drop();
    else connection.refuse(id, silent === -1 ? 'unavailable' : 'session_lost');
  };
  const server = await scriptedServer(t, answer);
  await leaveLate(server.url, SESSION, LONG_MS);
  assert.deepEqual(methods(server.requests), ['resume', 'resume', 'resume', 'resume']);
});

test('it is given up when no server can keep the place any more', async () => {
  const nobody = `http://127.0.0.1:${await freeTcpPort()}/`;
  // Less than nothing: the time that a server takes to notice is added.
  await leaveLate(nobody, SESSION, -LONG_MS);
});

for (const [name, code, heard] of [
  ['a socket that closes as we do has heard us', undefined, true],
  ['a server that was closing the socket itself has not', 1001, false],
] as const) {
  test(name, async (t) => {
    const server = await scriptedServer(t, ({ id }, connection) => {
      if (id === 1) connection.reply(id, {});
    });
    const link = new Link({
      url: server.url,
      enter: async (socket) => void (await socket.request('ping', {})),
      ...{ onEvent() {}, onDown() {}, onUp() {}, onEnded() {} },
    });
    await link.start();
    if (code !== undefined) server.connections[0]?.close(code);
    assert.equal(await link.leave(), heard);
    if (heard)
      await until('it to be said', () => assert.ok(methods(server.requests).includes('leave')));
  });
}

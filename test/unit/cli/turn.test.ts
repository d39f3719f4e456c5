// What `parley turn` makes of the answers of a server, and what it says of the last server of a pool.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { adminApi } from '../../../server/cli/admin-api.ts';
import { runTurn } from '../../../server/cli/turn.ts';
import type { TurnOverview, TurnServerView } from '../../../shared/api/admin.ts';
import { ParleyError } from '../../../shared/errors.ts';
import { ownedBy } from '../../support/server/owned.ts';

interface Answer {
  status: number;
  body?: string;
}

/** Runs a command against a server that answers so. @returns what the command wrote */
async function told(
  context: TestContext,
  line: string,
  answers: (asked: string) => Answer,
): Promise<string> {
  const server = createServer((request, response) => {
    const { status, body } = answers(`${request.method} ${request.url}`);
    response.writeHead(status, { 'content-type': 'text/html' }).end(body);
  });
  ownedBy(context).defer(() => void server.close().closeAllConnections());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const lines: string[] = [];
  await runTurn(line.split(' '), {
    api: adminApi(new URL(`http://127.0.0.1:${port}`), undefined),
    write: (text) => void lines.push(text),
  });
  return lines.join(' ');
}

function json(body: unknown, status = 200): Answer {
  return { status, body: JSON.stringify(body) };
}

describe('an answer that is not that of a Parley is no success', () => {
  const HTML: Answer = { status: 200, body: '<html>' };
  const CASES: readonly [string, string, Answer][] = [
    ['a page', 'list', HTML],
    ['a page', 'drain a', HTML],
    ['a page', 'drain a --move', HTML],
    ['a page', 'resume a', HTML],
    ['a page', 'remove a', HTML],
    ['nothing', 'list', { status: 204 }],
    ['nothing', 'drain a', { status: 204 }],
    ['another object', 'list', json({})],
    ['another server', 'drain a', json({ id: 'b', draining: 'wait' })],
    ['another drain', 'drain a --move', json({ id: 'a', draining: 'wait' })],
    ['no drain', 'drain a', json({ id: 'a', draining: null })],
    ['a drain still', 'resume a', json({ id: 'a', draining: 'wait' })],
    ['another success', 'remove a', json({ id: 'a' }, 202)],
  ];
  for (const [what, line, answer] of CASES) {
    test(`${line}: ${what}`, (t) =>
      assert.rejects(
        told(t, line, () => answer),
        (error) => {
          assert.ok(error instanceof ParleyError);
          assert.equal(error.code, 'unreachable');
          assert.match(error.message, /answers, but not as a Parley of this release does/);
          return true;
        },
      ));
  }
});

describe('draining or removing the last server prints a warning', () => {
  const LAST = /a is the last one: people who need a relay cannot get through, and the calls it/;
  const WAS_LAST = /a was the last one: people .*, and the calls that it relays keep it only/;
  const CASES: readonly [string, TurnServerView['state'] | undefined, RegExp][] = [
    ['drain a', undefined, LAST],
    ['drain a', 'failed', LAST],
    ['drain a', 'draining', LAST],
    ['drain a', 'in-service', /a gets no new calls\. Those it has stay until they end/],
    ['drain a', 'unknown', /a gets no new calls\. Those it has stay until they end/],
    ['drain a --move', 'failed', LAST],
    ['drain a --move', 'in-service', /a gets no new calls\. Those it has move to another/],
    ['remove a', undefined, WAS_LAST],
    ['remove a', 'in-service', /a is out of the pool\. Calls that it relays move to another/],
  ];
  for (const [line, other, sentence] of CASES) {
    test(`${line}, and another is ${other ?? 'not there'}`, async (t) => {
      // The one itself takes calls still: nobody has looked at it since.
      const servers = [viewOf('a', 'in-service'), ...(other ? [viewOf('b', other)] : [])];
      const said = await told(t, line, (asked) => done(asked, line) ?? json(overviewOf(servers)));
      assert.match(said, sentence);
    });
  }
  for (const [line, sentence] of [
    ['drain a', /^a gets no new calls\./],
    ['remove a', /^a is out of the pool\./],
  ] as const) {
    test(`${line}, and nothing is known of the others`, async (t) => {
      const said = await told(t, line, (asked) => done(asked, line) ?? { status: 502 });
      assert.match(said, sentence);
      assert.doesNotMatch(said, /last one/);
    });
  }
});

/** What does what the line asks for; undefined when the pool is asked for instead. */
function done(asked: string, line: string): Answer | undefined {
  if (asked === 'DELETE /api/turn/a') return { status: 204 };
  if (asked !== 'POST /api/turn/a/drain') return undefined;
  return json({ id: 'a', draining: line.includes('--move') ? 'move' : 'wait' });
}

function overviewOf(servers: TurnServerView[]): TurnOverview {
  const paths = { direct: 0, relay: 0, none: 0, unknown: 0 };
  return { servers, paths, warnings: [], history: [] };
}

function viewOf(id: string, state: TurnServerView['state']): TurnServerView {
  return {
    ...{ id, state, region: null, weight: 1, capacity: null, auth: 'secret', origin: 'operator' },
    ...{ draining: null, urls: [], sessions: 0, relayed: 0, allocations: null, explained: 0 },
    ...{ bitrate: null, refusals: 0 },
  };
}

// A proxy in front that does not pass WebSockets on, as nginx is by default: everybody is told what is wrong.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { checkNetwork } from '../../../client/sdk/check/network-check.ts';
import { joinCall } from '../../../client/sdk/session/join-call.ts';
import { networkLines, verdictOf } from '../../../client/ui/check/words.ts';
import { checkWeb } from '../../../server/doctor/checks/web.ts';
import { startServer } from '../../support/server/app.ts';

/** Upgrade and Connection end at a proxy, unless it is told to pass them on (RFC 9110 §7.6.1). */
async function proxyTo(t: TestContext, target: string): Promise<string> {
  const proxy = createServer(({ url, method, headers: given }, response) => {
    const { upgrade: _, connection: __, ...headers } = given;
    const { hostname, port } = new URL(target);
    const onward = request(
      { hostname, port, path: url, method, headers: { ...headers, connection: 'close' } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, server: 'nginx/1.28' });
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    onward.end();
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/`;
}

const LINE = /proxy_set_header Upgrade \$http_upgrade/;

test('the join error, the check, the doctor and the log name the proxy and the line to add', async (t) => {
  const server = await startServer(t);
  const url = await proxyTo(t, server.url);

  await assert.rejects(
    joinCall({ url, room: 'team', name: 'Ada', handlerName: 'Chrome111' }),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'proxy_without_upgrade');
      assert.match(error.message, LINE);
      return true;
    },
  );

  const network = await checkNetwork({ url });
  assert.deepEqual(network.socket, { state: 'fails', code: 'proxy_without_upgrade' });
  assert.match(verdictOf(network).text, LINE);
  const [line] = networkLines(network, 'call.example.org');
  assert.match(line?.text ?? '', /proxy/i);
  assert.match(line?.advice ?? '', LINE);

  const { verdict } = await checkWeb(url);
  assert.deepEqual([verdict.state, verdict.cause], ['failed', 'no_upgrade']);
  assert.match(verdict.detail, /nginx/);
  assert.match(verdict.remedy ?? '', LINE);

  const said = server.logLines.filter((text) => LINE.test(text));
  assert.equal(said.length, 1, 'once a minute, not for each of them');
  assert.equal(JSON.parse(said[0] ?? '{}').level, 40);
});

test('without a proxy the doctor is content, and a curious request is no fault', async (t) => {
  const server = await startServer(t);
  const response = await fetch(new URL('/signaling', server.url));
  assert.equal(response.status, 426);
  assert.equal(response.headers.get('upgrade'), 'websocket');
  const { error } = (await response.json()) as { error: { code: string } };
  assert.equal(error.code, 'upgrade_required');
  assert.equal((await checkWeb(server.url)).verdict.state, 'ok');
  assert.deepEqual(
    server.logLines.filter((text) => LINE.test(text)),
    [],
  );
});

// What mediasoup calls an error, and an operator need not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelOf } from '../../../../server/sfu/mediasoup-log.ts';

for (const text of [
  "[pid:17289] PortManager::Bind() | throwing MediaSoupError: uv_listen() failed [protocol:tcp, ip:'127.0.0.1', port:42930]: address already in use",
  "request failed [method:WORKER_CREATE_WEBRTCSERVER, id:1]: uv_listen() failed [protocol:tcp, ip:'127.0.0.1', port:42930]: address already in use",
  'Consumer not found [method:transport.closeConsumer]',
]) {
  test(`is no error: ${text.slice(0, 60)}…`, () => {
    assert.equal(levelOf(text, 'error'), 'debug');
  });
}

test('everything else is what mediasoup says', () => {
  const text = "PortManager::Bind() | uv_udp_bind() failed [ip:'192.0.2.1']: permission denied";
  assert.equal(levelOf(text, 'error'), 'error');
  assert.equal(levelOf(text, 'warn'), 'warn');
});

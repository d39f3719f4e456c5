// The WebRTC of the tests in Node, where reading a local description once ended the process (SIGSEGV).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import '../../support/sdk/media.ts';

test('a local description is never read from under the thread that adds candidates to it', async () => {
  const connection = new RTCPeerConnection();
  connection.addTransceiver('audio');
  const candidate = once(connection as unknown as EventTarget, 'icecandidate');
  const offer = await connection.createOffer();
  await connection.setLocalDescription(offer);
  await candidate;
  const read = connection.localDescription?.sdp;
  connection.close();
  assert.equal(read, offer.sdp);
});

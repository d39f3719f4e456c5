// The media server's end of a transport is gone, while the browser still says `connected`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Device } from 'mediasoup-client';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { DtlsParameters } from '../../../shared/media/rtp.ts';
import type { Direction } from '../../../shared/protocol/media-messages.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import { editedSocket } from '../../support/network/edited-socket.ts';
import { until } from '../../support/process/until.ts';
import { microphoneTrack } from '../../support/sdk/media.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { ownedBy } from '../../support/server/owned.ts';

for (const direction of ['send', 'recv'] satisfies Direction[]) {
  test(`a handshake (${direction}) that the media server gave up is begun anew on another media session`, async (t) => {
    const server = await startServer(t);
    const ben = await Person.join(t, server.url, 'team', 'Ben');
    let spoilt = false;
    // With another fingerprint the server refuses the certificate at the end of the handshake. By then the client
    // has what it needs, and counts the transport as connected.
    const socket = await editedSocket(t, server.url, (message) => {
      const { method, params } = JSON.parse(message);
      if (spoilt || method !== 'connect' || params.direction !== direction) return message;
      spoilt = true;
      return message.replaceAll(/[0-9A-F]{2}(?=:)/g, 'AB');
    });
    const ada = await Person.join(t, socket.url, 'team', 'Ada');
    await Promise.all([ada.sees(ben), ben.sees(ada), ada.hears(ben), ben.hears(ada)]);
    const said = (words: string) => socket.messages.findIndex((message) => message.includes(words));
    assert.ok(spoilt);
    assert.ok(said('"transportEnded"') > 0, 'the client was not told');
    assert.ok(said('"rebuildMedia"') > said('"transportEnded"'), 'it asked for another one before');
    assert.deepEqual([ada.problems, ben.problems], [[], []]);
    assert.equal(ada.call.connection.state, 'connected');
  });
}

test('whoever resumes after a transport has ended gets another media session', async (t) => {
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team');
  const { epoch } = joined.media;
  const device = await Device.factory({ handlerName: 'Chrome111' });
  await device.load({ routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
  const transport = device.createSendTransport(joined.media.send);
  ownedBy(t).defer(() => transport.close());
  transport.on('connect', ({ dtlsParameters: { role, fingerprints } }, done, failed) => {
    const algorithm = fingerprints[0]!.algorithm;
    const value = fingerprints[0]!.value.replaceAll(/[0-9A-F]{2}(?=:)/g, 'AB');
    const dtlsParameters = toWire(DtlsParameters, { role, fingerprints: [{ algorithm, value }] });
    ada.request('connect', { epoch, direction: 'send', dtlsParameters }).then(done, failed);
  });
  transport.on('produce', (_, done) => done({ id: 'track' }));
  const { track } = ownedBy(t).use(microphoneTrack());
  await transport.produce({ track });
  assert.deepEqual(await ada.event('transportEnded'), { epoch, direction: 'send' });

  await ada.drop();
  const back = await RawClient.open(t, server.signalingUrl);
  const { media } = await until('the resume', () => back.resume('team', joined, 1));
  assert.ok(media.epoch > epoch, 'it is the media session of before');
});

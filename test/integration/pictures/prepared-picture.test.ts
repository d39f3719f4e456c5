// A picture that is negotiated before the join: the join brings it at once, under the same consumer, or it is gone.
import '../../support/sdk/media.ts';
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { WebRtcTransport } from 'mediasoup/types';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import type { MediaOffer } from '../../../shared/protocol/media-messages.ts';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { openTransports } from '../../support/sdk/worker-transports.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';

const ROOM = 'team';
const ABLE = { rtpCapabilities: ROUTER_RTP_CAPABILITIES } as const;
const WITHOUT_VIDEO = {
  ...ROUTER_RTP_CAPABILITIES,
  codecs: ROUTER_RTP_CAPABILITIES.codecs.filter(({ kind }) => kind === 'audio'),
};
const TRANSPORT_CC = 'transport-cc';

/** Ada is in the room with a camera, and somebody may join. */
async function aRoom(t: TestContext) {
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, ROOM, 'Ada');
  await until('her tracks to be there', () => assert.equal(server.counts().producer, 2));
  const client = await RawClient.open(t, server.signalingUrl);
  return { server, ada, client };
}

async function consumersOn({ id }: { id: string }): Promise<readonly string[]> {
  return (await (await transportOf(id)).dump()).consumerIds;
}

/** No consumer of a picture is left on the transport, and the join names none. */
async function bringsSoundAlone({ consumers }: MediaOffer, recv: { id: string }): Promise<void> {
  assert.deepEqual(
    consumers.map(({ kind }) => kind),
    ['audio'],
  );
  assert.deepEqual(
    await consumersOn(recv),
    consumers.map(({ consumerId }) => consumerId),
  );
}

async function transportOf(id: string): Promise<WebRtcTransport> {
  const transport = openTransports().find((one) => one.id === id);
  assert.ok(transport);
  return transport;
}

/** Undefined while mediasoup does not measure it. */
async function bandwidth({ id }: { id: string }): Promise<number | undefined> {
  const [stats] = await (await transportOf(id)).getStats();
  return stats?.availableOutgoingBitrate;
}

test('the join brings the same consumer, which waits for nothing, and no bandwidth is measured before', async (t) => {
  const { server, client } = await aRoom(t);
  const before = server.counts().consumer;
  const { id, picture, recv } = await client.prepare(ROOM, ABLE);
  assert.ok(picture);
  assert.deepEqual(await consumersOn(recv), [picture.consumerId]);
  assert.equal(await bandwidth(recv), undefined);
  assert.equal(server.counts().consumer, before, 'nobody receives anything more');
  const { media } = await client.join(ROOM, { prepared: id });
  const video = media.consumers.find(({ kind }) => kind === 'video');
  assert.deepEqual(
    [video?.consumerId, video?.waiting],
    [picture.consumerId, false],
    'it is received at once',
  );
  assert.deepEqual(
    media.consumers.filter(({ kind }) => kind === 'audio').map(({ waiting }) => waiting),
    [true],
  );
  await until('the bandwidth to be measured, by consumers that the client knows', async () => {
    assert.notEqual(await bandwidth(recv), undefined);
    assert.deepEqual(
      new Set(await consumersOn(recv)),
      new Set(media.consumers.map(({ consumerId }) => consumerId)),
    );
  });
});

test('the client acknowledges its packets, as those of any other consumer', async (t) => {
  const { client } = await aRoom(t);
  const { picture } = await client.prepare(ROOM, ABLE);
  const { media } = await client.join(ROOM);
  const usual = media.consumers.find(({ kind }) => kind === 'video');
  assert.ok(picture && usual);
  const { codecs, headerExtensions } = picture.rtpParameters;
  assert.deepEqual(codecs, usual.rtpParameters.codecs);
  assert.deepEqual(headerExtensions, usual.rtpParameters.headerExtensions);
  assert.ok(codecs[0]?.rtcpFeedback?.some(({ type }) => type === TRANSPORT_CC));
});

test('a camera that ends before the join takes its picture along', async (t) => {
  const { server, ada, client } = await aRoom(t);
  const { id, picture, recv } = await client.prepare(ROOM, ABLE);
  assert.ok(picture);
  ada.call.unpublish('camera');
  await until('her camera to be gone', () => assert.equal(server.counts().producer, 1));
  const { media } = await client.join(ROOM, { prepared: id });
  await bringsSoundAlone(media, recv);
});

test('a picture that the join does not want is closed', async (t) => {
  const { client } = await aRoom(t);
  const { id, epoch, picture, recv } = await client.prepare(ROOM, ABLE);
  assert.ok(picture);
  const { media } = await client.join(ROOM, { prepared: id, rtpCapabilities: WITHOUT_VIDEO });
  assert.equal(media.epoch, epoch);
  await bringsSoundAlone(media, recv);
});

test('a client that says nothing of itself, or decodes no video, prepares without a picture', async (t) => {
  const { client } = await aRoom(t);
  const silent = await client.prepare(ROOM);
  assert.equal(silent.picture, undefined);
  const blind = await client.prepare(ROOM, { rtpCapabilities: WITHOUT_VIDEO });
  assert.equal(blind.picture, undefined);
  assert.deepEqual(await consumersOn(blind.recv), []);
  const { media } = await client.join(ROOM, { prepared: blind.id, rtpCapabilities: WITHOUT_VIDEO });
  assert.equal(media.epoch, blind.epoch);
});

test('a page that is left takes its consumer along', async (t) => {
  const { server, ada, client } = await aRoom(t);
  const { picture } = await client.prepare(ROOM, ABLE);
  assert.ok(picture);
  client.socket.close();
  await until('nothing to be prepared', () => assert.equal(server.counts().prepared, 0));
  ada.call.leave();
  await server.becomesIdle();
});

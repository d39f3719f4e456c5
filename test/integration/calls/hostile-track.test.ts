// A track is described by its sender and negotiated by everybody else: one bad description must not
// take the others' ability to negotiate away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { audioParameters, publication, videoParameters } from '../../support/server/rtp.ts';

type Rtp = MethodParams<'publish'>['rtpParameters'];

const video = videoParameters();
const [codec] = video.codecs;
assert.ok(codec);

const BAD: ReadonlyArray<[what: string, rtpParameters: Rtp, code: string]> = [
  ['audio codecs for a video track', audioParameters(), 'unsupported_media'],
  [
    'a second, audio codec',
    { ...video, codecs: [codec, ...audioParameters().codecs] },
    'unsupported_media',
  ],
  ['a line of SDP in the cname', { ...video, rtcp: { cname: 'x\r\na=inactive' } }, 'bad_message'],
  ['a line of SDP in the msid', { ...video, msid: 'x\r\nm=audio 9 RTP/AVP 0' }, 'bad_message'],
  [
    'a line of SDP in a codec parameter',
    { ...video, codecs: [{ ...codec, parameters: { 'x\r\na': 'y' } }] },
    'bad_message',
  ],
  ['a codec that is none', { ...video, codecs: [{ ...codec, mimeType: 'video' }] }, 'bad_message'],
];

test('a track that would break its receivers is refused, and they go on', async (t) => {
  const server = await startServer(t, { LOG_LEVEL: 'warn' });
  const [ada, ben] = await Promise.all([
    Person.join(t, server.url, 'talk', 'Ada'),
    Person.join(t, server.url, 'talk', 'Ben', { share: ['microphone'] }),
  ]);
  const eve = await RawClient.open(t, server.signalingUrl);
  const { media } = await eve.join('talk');
  for (const [what, rtpParameters, code] of BAD) {
    const track = publication(media.epoch, { source: 'camera', rtpParameters });
    assert.equal(await eve.outcome('publish', track), code, what);
  }
  // A harmless track of hers, and a new one of somebody else: both have to be negotiated.
  await eve.request('publish', publication(media.epoch, { source: 'camera' }));
  await ben.share('camera');
  await ada.sees(ben);
  assert.deepEqual([ada.problems, ben.problems], [[], []]);
});

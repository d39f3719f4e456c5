// Claims to speak on the wire: who may make them, what follows, and what a false one is worth.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/process/until.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { audioParameters } from '../../support/server/rtp.ts';

/** One voice is heard. One more is a participant's own, and one its screen's. */
const LIMITS = { EVERY_VOICE_UP_TO: '2', VOICES: '1', READY_VOICES: '0' };
const NAMES = ['ann', 'ben', 'cyd', 'dan'];

interface Member {
  client: RawClient;
  epoch: number;
  trackId: string;
  voices: string | undefined;
}

async function member(t: Parameters<typeof RawClient.open>[0], url: string, name: string) {
  const client = await RawClient.open(t, url);
  const { media } = await client.join('hall', { name });
  const trackId = `voice-of-${name}`;
  const { epoch, voices } = media;
  await client.request('publish', {
    ...{ epoch, trackId, kind: 'audio', source: 'microphone', muted: false },
    rtpParameters: audioParameters(),
  });
  return { client, epoch, trackId, voices } satisfies Member;
}

function receives({ client }: Member, trackId: string): boolean {
  const open = new Set<string>();
  for (const { event, data } of client.heard) {
    if (event === 'consumers') {
      for (const consumer of data.consumers) {
        if (consumer.trackId === trackId) open.add(consumer.consumerId);
      }
    }
    if (event === 'consumersClosed') for (const id of data.consumerIds) open.delete(id);
  }
  return open.size > 0;
}

const says = ({ client, epoch, trackId }: Member) => client.ask('speaking', { epoch, trackId });
const heardEvents = ({ client }: Member) => client.heard.filter(({ event }) => event === 'heard');

test('a claim makes others receive the voice; a false one loses its place, and is not believed again', async (t) => {
  const server = await startServer(t, LIMITS);
  const members: Member[] = [];
  for (const name of NAMES) members.push(await member(t, server.signalingUrl, name));
  const [ann, , cyd, dan] = members as [Member, Member, Member, Member];

  assert.deepEqual([ann.voices, dan.voices], ['all', 'chosen']);
  const told = ann.client.heard.flatMap(({ event, data }) =>
    event === 'voices' ? [data.voices] : [],
  );
  assert.deepEqual(told, ['chosen']);

  assert.equal(receives(ann, dan.trackId), false);
  await says(dan);
  await until('Dan to be received', () => assert.ok(receives(ann, dan.trackId)));
  await until('Dan to know it', () => assert.equal(heardEvents(dan).length, 1));

  await until('Dan to lose his place', () => assert.ok(!receives(ann, dan.trackId)));
  await says(dan);
  await until('the answer', () => assert.equal(heardEvents(dan).length, 2));
  assert.equal(receives(ann, dan.trackId), false);
  await says(cyd);
  await until('another to be believed', () => assert.ok(receives(ann, cyd.trackId)));
});

test('nobody may claim to speak for another, or while muted', async (t) => {
  const server = await startServer(t, LIMITS);
  const ann = await member(t, server.signalingUrl, 'ann');
  const ben = await member(t, server.signalingUrl, 'ben');
  const { client, epoch, trackId } = ann;
  assert.equal(await client.outcome('speaking', { epoch, trackId: ben.trackId }), 'unknown_track');
  assert.equal(await client.outcome('speaking', { epoch: epoch - 1, trackId }), 'stale_epoch');
  await client.request('mute', { trackId, muted: true });
  assert.equal(await client.outcome('speaking', { epoch, trackId }), 'unknown_track');
  await client.request('mute', { trackId, muted: false });
  // In a small room it costs nothing, and nothing waits for it.
  assert.equal(await client.outcome('speaking', { epoch, trackId }), 'ok');
  await until('the answer', () => assert.equal(heardEvents(ann).length, 1));
});

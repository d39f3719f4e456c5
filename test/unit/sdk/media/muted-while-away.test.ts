// A host mutes a participant whose socket is away: after the resume the track stays muted, and they know.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Retries } from '../../../../client/sdk/link/retries.ts';
import { LocalTracks } from '../../../../client/sdk/media/local-tracks.ts';
import type { MediaKeeper } from '../../../../client/sdk/media/media-keeper.ts';
import type { Request } from '../../../../client/sdk/media/media-session.ts';
import { OwnTracks } from '../../../../client/sdk/media/own-tracks.ts';
import type { Track } from '../../../../shared/room/room.ts';

function scene() {
  const local = new LocalTracks();
  const entry = local.add({ source: 'microphone', track: {} as MediaStreamTrack });
  const listed = {
    id: entry.id,
    participantId: 'me',
    kind: 'audio',
    source: 'microphone',
  } as const;
  const server: { muted: boolean; reachable: boolean; losesAnswers: boolean } = {
    muted: false,
    reachable: true,
    losesAnswers: false,
  };
  const asked: boolean[] = [];
  const byHost: string[] = [];
  const request = (async (_: string, params: { muted: boolean }) => {
    if (!server.reachable) throw new Error('the socket is away');
    server.muted = params.muted;
    asked.push(params.muted);
    if (server.losesAnswers) throw new Error('the socket was lost');
    return {};
  }) as unknown as Request;
  const own = new OwnTracks({
    local,
    media: { reconcile() {} } as unknown as MediaKeeper,
    request,
    retries: new Retries(),
    listed: () => [{ ...listed, muted: server.muted } satisfies Track],
    onChange() {},
    onMutedByHost: (source) => byHost.push(source),
    onProblem() {},
  });
  return { own, entry, server, asked, byHost };
}

/** Answers have arrived. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a mute by a host while the socket is away', () => {
  test('stays after the resume, and is told', async () => {
    const { own, entry, server, asked, byHost } = scene();
    server.muted = true;
    own.sendDifferences();
    await settled();
    assert.deepEqual([entry.muted, byHost, asked], [true, ['microphone'], []]);
  });

  test('stays also where the participant muted and unmuted meanwhile', async () => {
    const { own, entry, server, asked, byHost } = scene();
    entry.muted = false;
    server.muted = true;
    own.sendDifferences();
    own.sendDifferences();
    await settled();
    assert.deepEqual([entry.muted, byHost, asked], [true, ['microphone'], []]);
  });

  test('may be undone by the participant afterwards', async () => {
    const { own, entry, server } = scene();
    server.muted = true;
    own.sendDifferences();
    own.setMuted('microphone', false);
    await settled();
    assert.deepEqual([entry.muted, server.muted], [false, false]);
  });
});

describe('what the participant did alone is not taken for a host', () => {
  test('an unmute that was lost with the socket is said again', async () => {
    const { own, server, byHost, asked } = scene();
    own.setMuted('microphone', true);
    await settled();
    server.reachable = false;
    own.setMuted('microphone', false);
    await settled();
    server.reachable = true;
    own.sendDifferences();
    await settled();
    assert.deepEqual([server.muted, byHost, asked], [false, [], [true, false]]);
  });

  test('a mute whose answer was lost, and an unmute while away', async () => {
    const { own, server, byHost } = scene();
    server.losesAnswers = true;
    own.setMuted('microphone', true);
    await settled();
    server.losesAnswers = false;
    server.reachable = false;
    own.setMuted('microphone', false);
    await settled();
    server.reachable = true;
    assert.equal(server.muted, true);
    own.sendDifferences();
    await settled();
    assert.deepEqual([server.muted, byHost], [false, []]);
  });
});

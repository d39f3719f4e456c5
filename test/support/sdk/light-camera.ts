// The camera of a light publisher, as tests of its layers find it.
import assert from 'node:assert/strict';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import { until } from '../process/until.ts';
import type { Person } from './participant.ts';

/** @returns the id of the one camera of the room, when this participant knows it */
export function cameraSeenBy({ call }: Person): Promise<string> {
  return until('the camera to be listed', () => {
    const camera = call.room.tracks.find(({ source }) => source === 'camera');
    assert.ok(camera);
    return camera.id;
  });
}

/** Resolves when the load of the one who is there is known, so that the next one is placed on another node. */
export function loadIsKnown({ nodes }: Pick<Cluster, 'nodes'>): Promise<void> {
  return until('the registry to know', async () => {
    assert.ok((await nodes.list()).some(({ sessions }) => sessions > 0));
  });
}

/** Resolves when more of this track has arrived than before. */
export async function packetsArrive(watcher: Person, trackId: string): Promise<void> {
  const count = async () => {
    const { recv } = await watcher.call.stats();
    const track = watcher.call.remoteTracks.get(trackId)?.track;
    const entry = [...(recv?.values() ?? [])].find(
      ({ type, trackIdentifier }) => type === 'inbound-rtp' && trackIdentifier === track?.id,
    );
    return entry?.packetsReceived ?? 0;
  };
  const before = await count();
  await until('packets of the picture', async () => assert.ok((await count()) > before), {
    everyMs: 10,
  });
}

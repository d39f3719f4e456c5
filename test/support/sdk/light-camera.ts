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

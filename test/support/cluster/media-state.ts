// What the media side has of a participant, asked over the bus as nodes ask each other.
import type { Cluster } from '../../../server/cluster/cluster.ts';
import type { MeshState } from '../../../server/cluster/messages/mesh.ts';

/** @returns whether each track that a participant sends is muted, by track id */
export async function mediaOf(
  cluster: Cluster,
  room: string,
  participantId: string,
): Promise<Record<string, boolean>> {
  const nodeId = await cluster.rooms.nodeOf(room, participantId);
  if (nodeId === undefined) return {};
  const params = { room, from: nodeId };
  const state = (await cluster.bus.request(nodeId, 'meshState', params, {
    timeoutMs: 1_000,
  })) as MeshState | null;
  const own = state?.tracks.filter((track) => track.participantId === participantId) ?? [];
  const newest = Math.max(...own.map(({ epoch }) => epoch));
  return Object.fromEntries(
    own.flatMap(({ trackId, epoch, paused }) => (epoch === newest ? [[trackId, paused]] : [])),
  );
}

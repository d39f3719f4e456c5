// The commands that other nodes may send to this one, one handler each.
import { ParleyError } from '../../../shared/errors.ts';
import type { Handlers } from '../../../shared/protocol/rpc.ts';
import type { MeshCommands } from '../../cluster/messages/mesh.ts';
import type { RoomMesh } from './room-mesh.ts';

interface RoomOfMesh {
  readonly mesh: RoomMesh;
  readonly speech: { beginElsewhere(producerId: string): Promise<void> };
}

/** @param find a room that is on this node */
export function meshHandlers(
  find: (room: string) => RoomOfMesh | undefined,
): Handlers<MeshCommands, null> {
  return {
    meshState: async (_, { room, ...asking }) => find(room)?.mesh.state(asking) ?? null,
    pipe: async (_, params) => {
      const room = find(params.room);
      if (!room) throw new ParleyError('unknown_track');
      return room.mesh.pipe(params);
    },
    demand: async (_, params) => {
      await find(params.room)?.mesh.demand(params);
      return {};
    },
    meshSpeaking: async (_, { room, producerId }) => {
      await find(room)?.speech.beginElsewhere(producerId);
      return {};
    },
    unpipe: async (_, params) => {
      await find(params.room)?.mesh.unpipe(params);
      return {};
    },
  };
}

// A media node as the registry lists it: idle and alone. A test overrides the fields that matter.
import type { NodeInfo } from '../../../server/cluster/cluster.ts';

export function nodeInfo(id: string, more: Partial<NodeInfo> = {}): NodeInfo {
  return {
    id,
    hostname: null,
    addresses: [],
    ports: [],
    region: null,
    turn: [],
    sessions: 0,
    rooms: 0,
    maxSessions: 1_000,
    maxRooms: 100,
    workers: 1,
    draining: false,
    pipe: null,
    reaches: [],
    ...more,
  };
}

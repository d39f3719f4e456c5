// What a media node publishes about itself in the registry. Pure.
import type { NodeInfo } from '../cluster/cluster.ts';
import type { Config } from '../config/config.ts';
import { type ConfiguredTurn, turnUrls } from '../turn/pool/environment.ts';

interface Listening {
  readonly ip: string;
  readonly announcedAddress?: string | undefined;
}

/** Fixed when the node starts. */
export interface NodeFacts {
  listenInfos(port: number): readonly Listening[];
  hostname?: string | undefined;
  region?: string | undefined;
  turn: { configured: ConfiguredTurn };
  media: Pick<Config['media'], 'maxSessions' | 'maxRooms'>;
  pipes?: { listenInfo: Listening } | undefined;
}

/** Changes while the node runs. */
export interface NodeState {
  id: string;
  ports: number[];
  sessions: number;
  rooms: number;
  workers: number;
  draining: boolean;
  /** Undefined while no probes are answered: then no pipe leads here. */
  probePort: number | undefined;
  reaches: readonly string[];
}

export function describeNode(
  { listenInfos, hostname, region, turn, media, pipes }: NodeFacts,
  { probePort, reaches, ...state }: NodeState,
): NodeInfo {
  const addresses = listenInfos(0).flatMap(({ announcedAddress, ip }) =>
    announcedAddress === undefined ? [ip] : [announcedAddress, ip],
  );
  const address = pipes?.listenInfo.announcedAddress ?? pipes?.listenInfo.ip;
  return {
    ...state,
    hostname: hostname ?? null,
    addresses: [...new Set(addresses)],
    region: region ?? null,
    turn: turnUrls(turn.configured),
    maxSessions: media.maxSessions,
    maxRooms: media.maxRooms,
    pipe: probePort !== undefined && address !== undefined ? { address, probePort } : null,
    reaches: [...reaches],
  };
}

// A TURN server as the pool stores it. A test overrides the fields that matter.
import type { TurnServer } from '../../../server/cluster/turn.ts';

export function turnServer(id: string, more: Partial<TurnServer> = {}): TurnServer {
  return {
    id,
    urls: [`turn:${id}.example.org:3478?transport=udp`],
    region: null,
    weight: 1,
    capacity: null,
    metricsUrl: null,
    auth: { kind: 'secret', secret: `the secret of ${id}`, ttlSeconds: 600 },
    origin: 'operator',
    draining: null,
    ...more,
  };
}

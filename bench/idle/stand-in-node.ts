// A media node without media: it is in the registry, and answers each command with what a client could use.
import type { Cluster } from '../../server/cluster/cluster.ts';
import type { Opened } from '../../server/cluster/messages/media.ts';
import type { TransportDescription } from '../../shared/protocol/media-messages.ts';
import { nodeInfo } from '../../test/support/cluster/node-info.ts';

const ID = 'stand-in';
/** Credentials for TURN servers last for hours: `web` has a renewal to wait for in each session. */
const CREDENTIALS_MS = 6 * 3_600_000;

/** @param sessions how many it takes */
export async function standInNode(cluster: Cluster, sessions: number): Promise<void> {
  let epoch = 0;
  await cluster.bus.serve(ID, async (command) => {
    if (command !== 'open' && command !== 'describe') return {};
    epoch += 1;
    return opened(epoch);
  });
  const limits = { maxSessions: sessions, maxRooms: sessions };
  await cluster.nodes.announce(nodeInfo(ID, limits), () => {});
}

function opened(epoch: number): Opened {
  const iceServersExpireAt = Date.now() + CREDENTIALS_MS;
  return {
    origin: 'router',
    offer: {
      epoch,
      send: transport(`send-${epoch}`),
      recv: transport(`recv-${epoch}`),
      consumers: [],
      iceServers: [
        {
          urls: ['turn:192.0.2.1:3478?transport=udp', 'turns:192.0.2.1:5349?transport=tcp'],
          username: `${Math.floor(iceServersExpireAt / 1_000)}:somebody`,
          credential: 'bm90IGEgc2VjcmV0IGF0IGFsbA==',
        },
      ],
      iceServersExpireAt,
    },
  };
}

function transport(id: string): TransportDescription {
  return {
    id,
    iceParameters: { usernameFragment: id, password: 'twenty-four-letters-long', iceLite: true },
    iceCandidates: (['udp', 'tcp'] as const).map((protocol) => ({
      foundation: `${protocol}candidate`,
      priority: 1_076_302_079,
      ip: '192.0.2.2',
      address: '192.0.2.2',
      protocol,
      port: 40_000,
      type: 'host',
      ...(protocol === 'tcp' && { tcpType: 'passive' }),
    })),
    dtlsParameters: {
      role: 'auto',
      fingerprints: [{ algorithm: 'sha-256', value: Array(32).fill('AB').join(':') }],
    },
  };
}

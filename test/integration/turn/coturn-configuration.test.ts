// The configuration that operators copy (deploy/coturn/turnserver.conf), in a real coturn: where it relays.
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { test } from 'node:test';
import { type ProbeResult, probeTurn } from '../../../server/turn/probe/probe.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { startCoturn, turnPassword } from '../../support/turn/coturn.ts';
import { endpointOf, startTarget } from '../../support/turn/turn-target.ts';

/** The media server, and what has to be closed: public, private, and of the same machine. */
const PEERS: readonly [string, readonly string[]][] = [
  ['127.0.0.1', ['203.0.113.7', '8.8.8.8', '10.1.2.3', '169.254.169.254', '127.0.0.2']],
  ['::1', ['2001:db8::7', 'fd00::1', 'fe80::1', '::ffff:10.1.2.3']],
];

for (const [address, others] of PEERS) {
  test(`it relays to the media server at ${address}, and to nothing else`, async (context) => {
    const turn = ownedBy(context).use(
      await startCoturn('secret', { address, allowedPeers: [address] }),
    );
    const target = await startTarget(context, [address]);
    const username = `${Math.floor(Date.now() / 1_000) + 3_600}:probe`;
    const url = `turn:${isIPv6(address) ? `[${address}]` : address}:${turn.port}`;
    const probe = (peer: string): Promise<ProbeResult> =>
      probeTurn({
        ...{ url, username, credential: turnPassword(username), timeoutMs: 3_000 },
        target: { ...target, candidates: [{ ...endpointOf(target, 'udp'), address: peer }] },
      });
    const reached = await probe(address);
    assert.ok(reached.ok, reached.ok ? '' : reached.message);
    for (const peer of others) {
      const result = await probe(peer);
      assert.equal(result.ok ? 'ok' : result.failure, 'forbidden', peer);
    }
  });
}

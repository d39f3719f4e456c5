// A server of WHIP and WHEP for one test: it forwards the packets of its publisher, and counts what was ended.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Peer } from '../../../bench/media/peer.ts';
import { isRtcp } from '../../../client/load/rtp/packet.ts';

export interface WhipServer extends AsyncDisposable {
  url: string;
  /** Authorization headers of the offers. */
  authorizations: (string | undefined)[];
  /** Resources that were deleted. */
  ended: string[];
}

export async function startWhipServer(): Promise<WhipServer> {
  const authorizations: (string | undefined)[] = [];
  const ended: string[] = [];
  const peers: Peer[] = [];
  const viewers: Peer[] = [];
  const answer = async (offer: string, publishes: boolean) => {
    const onPacket = (packet: Buffer) => {
      if (publishes && !isRtcp(packet)) for (const viewer of viewers) viewer.send(packet);
    };
    // It learns the caller's address from the caller's checks: its own might come before the caller has the answer.
    const withoutCandidates = offer.replaceAll(/^a=(candidate|end-of-candidates).*\r?\n/gm, '');
    const peer = Peer.answering({ name: `server-${peers.length}`, onPacket }, withoutCandidates);
    peers.push(peer);
    if (!publishes) viewers.push(peer);
    return peer.wholeDescription();
  };
  const server = createServer(async (request, response) => {
    const { url = '', method, headers } = request;
    if (method === 'DELETE') {
      ended.push(url);
      response.end();
      return;
    }
    authorizations.push(headers.authorization);
    const sdp = await answer(await text(request), url === '/live/whip');
    response.writeHead(201, {
      'content-type': 'application/sdp',
      location: `/resources/${peers.length}`,
    });
    response.end(sdp);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/live`,
    authorizations,
    ended,
    async [Symbol.asyncDispose]() {
      for (const peer of peers) peer.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

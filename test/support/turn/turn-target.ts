// A transport of a real media worker, for checks that only its own answer can satisfy.
import type { TestContext } from 'node:test';
import { createWorker } from 'mediasoup';
import type { TransportListenInfo } from 'mediasoup/types';
import { provisionWorker } from '../../../native/provision.ts';
import type { IceTarget } from '../../../server/turn/probe/probe.ts';

/** Listens by UDP and TCP on one port, as Parley's workers do. */
export async function startTarget(
  context: TestContext,
  addresses: readonly string[] = ['127.0.0.1'],
): Promise<IceTarget> {
  const { path: workerBin } = await provisionWorker();
  const worker = await createWorker({ workerBin, logLevel: 'warn' });
  context.after(() => worker.close());
  const listenInfos = addresses.flatMap((ip): TransportListenInfo[] => [
    { protocol: 'udp', ip },
    { protocol: 'tcp', ip },
  ]);
  const webRtcServer = await worker.createWebRtcServer({ listenInfos });
  const router = await worker.createRouter();
  const transport = await router.createWebRtcTransport({ webRtcServer });
  const { usernameFragment, password } = transport.iceParameters;
  const candidates = transport.iceCandidates.map(({ address, port, protocol }) => ({
    ...{ address, port, protocol },
  }));
  return { candidates, usernameFragment, password };
}

/** Its port for this protocol. */
export function endpointOf(target: IceTarget, protocol: 'udp' | 'tcp'): IceTarget['candidates'][0] {
  const found = target.candidates.find((candidate) => candidate.protocol === protocol);
  if (!found) throw new Error(`the target has no ${protocol} candidate`);
  return found;
}

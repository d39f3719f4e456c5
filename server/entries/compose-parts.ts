// Shared by the compositions: closing in order, and the options of a media node.
import { networkInterfaces } from 'node:os';
import type { Config } from '../config/config.ts';
import {
  announcedAddresses,
  listenAddresses,
  listenInfos,
  replicaHostname,
  withReceiveBuffer,
} from '../sfu/workers/addresses.ts';
import { configuredTurn } from '../turn/pool/environment.ts';

/** Closes in the opposite order of opening, once: users close before what they use. */
export class Closers {
  readonly #closers: Array<() => Promise<unknown>> = [];

  add(closer: () => Promise<unknown>): void {
    this.#closers.push(closer);
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const closer of this.#closers.splice(0).reverse()) {
      // What is below it is closed all the same.
      await closer().catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

/**
 * A media node's addresses to listen on and to announce, and its other options.
 * @throws TurnConfigError
 */
export function mediaNodeOf(config: Config) {
  const listen = listenAddresses(config.media, networkInterfaces());
  const announced = announcedAddresses(config);
  const configured = configuredTurn(config);
  return {
    listen,
    announced,
    configured,
    options: {
      media: config.media,
      interest: config.interest,
      limits: config.limits,
      turn: { configured, settings: config.turn },
      region: config.cluster.region,
      hostname: replicaHostname(config.platform),
      announced,
      drainGraceMs: config.cluster.drainGraceSeconds * 1_000,
      orphanGraceMs: config.cluster.orphanGraceMs,
      listenInfos: (port: number) =>
        withReceiveBuffer(
          listenInfos(listen, announced, config.media.protocols, port),
          config.media.receiveBufferBytes,
        ),
    },
  };
}

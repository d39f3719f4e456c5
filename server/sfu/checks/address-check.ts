// Whether the addresses that a node announces lead back to it: the most common cause of black video.
import { isIP } from 'node:net';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { checkIce } from '../../turn/probe/ice-check.ts';
import type { IceTarget } from '../../turn/probe/probe.ts';
import type { LiveWorker } from '../workers/worker-pool.ts';
import { openTarget } from './ice-target.ts';

export interface AddressCheckOptions {
  target: IceTarget;
  /** The public ones among the target's addresses. */
  announced: readonly string[];
  timeoutMs: number;
  log: Logger;
}

export interface CheckedAddress {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
  /** Why no check was answered; undefined when one was. */
  readonly failure: string | undefined;
}

/** Sends an ICE check to each announced address, as a browser does; a failure is a warning. */
export async function checkAddresses(options: AddressCheckOptions): Promise<CheckedAddress[]> {
  const { target, announced, timeoutMs, log } = options;
  const { candidates, usernameFragment, password } = target;
  const open = candidates.filter(({ address }) => announced.includes(address));
  const checked = await Promise.all(
    open.map(async ({ address, port, protocol }) => {
      const to = { address, port, protocol, usernameFragment, password };
      const result = await checkIce({ ...to, timeoutMs });
      return { address, port, protocol, failure: result.ok ? undefined : result.message };
    }),
  );
  for (const { failure, ...where } of checked) {
    if (failure === undefined) continue;
    log.warn(
      { ...where, reason: failure },
      `the announced address ${shown(where)} does not lead back to this process: browsers outside may see black. Check that ${isIP(where.address) ? 'ANNOUNCED_ADDRESS is this machine’s public address' : 'the name resolves to this machine'}, and that ${where.protocol.toUpperCase()} port ${where.port} is open and forwarded unchanged; some routers only refuse to send it back from inside. "parley doctor" finds out which`,
    );
  }
  return checked;
}

function shown({ address, port, protocol }: Omit<CheckedAddress, 'failure'>): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `${host}:${port} (${protocol.toUpperCase()})`;
}

interface AnnouncedOptions {
  media: Pick<Config['media'], 'protocols'>;
  resources: Resources;
  announced: readonly string[];
  log: Logger;
}

/** Announced addresses are near, or do not lead here. */
const ADDRESS_CHECK_MS = 3_000;

/** Checks the announced addresses at every worker's port. Never rejects: its warnings are in the log. */
export async function checkAnnounced(
  workers: readonly LiveWorker[],
  { announced, media, resources, log }: AnnouncedOptions,
): Promise<void> {
  if (announced.length === 0) return;
  try {
    await Promise.all(
      workers.map(async (worker) => {
        const open = await openTarget(worker, { protocols: media.protocols, resources });
        try {
          await checkAddresses({
            target: open.target,
            announced,
            timeoutMs: ADDRESS_CHECK_MS,
            log,
          });
        } finally {
          open.close();
        }
      }),
    );
    log.debug('the announced addresses were checked');
  } catch (err) {
    log.debug({ err }, 'the announced addresses were not checked');
  }
}

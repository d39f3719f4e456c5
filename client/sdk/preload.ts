// The mediasoup-client device, loaded ahead of the join: the router's capabilities are shared, so
// nobody needs to be asked for them.
import { Device } from 'mediasoup-client';
import { ParleyError } from '../../shared/errors.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../shared/media.ts';
import type { JoinOptions } from './types.ts';

const devices = new Map<JoinOptions['handlerName'], Promise<Device>>();

/** @throws ParleyError `unsupported_browser` */
export function loadDevice(handlerName?: JoinOptions['handlerName']): Promise<Device> {
  let device = devices.get(handlerName);
  if (!device) {
    device = createDevice(handlerName);
    devices.set(handlerName, device);
  }
  return device;
}

/** Starts what a join will need. Errors show when it is needed. */
export function preload(): void {
  loadDevice().catch(() => {});
}

async function createDevice(handlerName: JoinOptions['handlerName']): Promise<Device> {
  try {
    const device = new Device(handlerName ? { handlerName } : {});
    await device.load({ routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
    return device;
  } catch (cause) {
    throw new ParleyError('unsupported_browser', { cause });
  }
}

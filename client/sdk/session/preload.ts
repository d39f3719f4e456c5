// The mediasoup-client device, loaded ahead of the join: the router's capabilities are shared, so
// nobody needs to be asked for them.
import { Device } from 'mediasoup-client';
import { ParleyError } from '../../../shared/errors.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { RtpCapabilities } from '../../../shared/media/rtp.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import type { JoinOptions } from './types.ts';

/** A device, and what it tells the server of itself: made once, not in the haste of a join. */
export interface LoadedDevice {
  readonly device: Device;
  readonly rtpCapabilities: RtpCapabilities;
}

const devices = new Map<JoinOptions['handlerName'], Promise<LoadedDevice>>();

/** @throws ParleyError `unsupported_browser` */
export function loadDevice(handlerName?: JoinOptions['handlerName']): Promise<LoadedDevice> {
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

async function createDevice(handlerName: JoinOptions['handlerName']): Promise<LoadedDevice> {
  try {
    const device = new Device(handlerName ? { handlerName } : {});
    await device.load({ routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
    return { device, rtpCapabilities: toWire(RtpCapabilities, device.recvRtpCapabilities) };
  } catch (cause) {
    throw new ParleyError('unsupported_browser', { cause });
  }
}

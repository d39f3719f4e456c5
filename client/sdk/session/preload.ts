// The mediasoup-client device, loaded before the join. The router's capabilities are constants in `shared/`, so
// no request is needed.
import { Device } from 'mediasoup-client';
import { ParleyError } from '../../../shared/errors.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { RtpCapabilities } from '../../../shared/media/rtp.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import type { JoinOptions } from './types.ts';

/** A device and its capabilities, made once and before the join, which has to be fast. */
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

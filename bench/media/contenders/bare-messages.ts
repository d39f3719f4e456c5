// What the bench asks of the bare mediasoup script, by POST, as JSON.
import * as v from 'valibot';
import { DtlsParameters, RtpCapabilities, RtpParameters } from '../../../shared/media/rtp.ts';

const transportId = v.string();

export const BARE_REQUESTS = {
  open: v.object({}),
  connect: v.object({ transportId, dtlsParameters: DtlsParameters }),
  produce: v.object({ transportId, rtpParameters: RtpParameters }),
  consume: v.object({ transportId, rtpCapabilities: RtpCapabilities }),
  pause: v.object({ transportId, paused: v.boolean() }),
} as const;
export type BareRequests = {
  [K in keyof typeof BARE_REQUESTS]: v.InferOutput<(typeof BARE_REQUESTS)[K]>;
};
export type BareRequest = keyof typeof BARE_REQUESTS;

/** The script prints it when it is ready: its address, and the worker's pid. */
export const BARE_READY = /^bare mediasoup at (http:\S+), worker (\d+)$/;

// The messages between the bare page and the bare server: one question, one answer, and no more.
import type { types } from 'mediasoup-client';

/** Page to server. Only `join` is answered. */
export type FromPage =
  | { say: 'join'; rtpCapabilities: types.RtpCapabilities }
  | { say: 'connect'; direction: 'send' | 'recv'; dtlsParameters: types.DtlsParameters }
  | {
      say: 'produce';
      id: string;
      kind: types.MediaKind;
      rtpParameters: types.RtpParameters;
    };

/** Server to page: the answer to `join`. */
export interface Joined {
  send: types.TransportOptions;
  recv: types.TransportOptions;
  consumers: types.ConsumerOptions[];
}

// The entry point of the SDK: joins a call.
import { JoinedCall } from './call.ts';
import { loadDevice } from './preload.ts';
import type { Call, JoinOptions } from './types.ts';

/**
 * Joins a room. One round trip on a new WebSocket; media follows without waiting for answers.
 *
 * @throws ParleyError with a code and a sentence for the participant; or the signal's reason
 */
export async function joinCall(options: JoinOptions): Promise<Call> {
  const call = new JoinedCall(options, loadDevice(options.handlerName));
  await call.start();
  return call;
}

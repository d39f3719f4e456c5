// What one light participant gets of its run.
import type { MediaOffer } from '../../shared/protocol/media-messages.ts';
import type { Arrival } from './arrivals.ts';
import type { LoadPlan } from './plan.ts';

export interface ParticipantOptions {
  plan: LoadPlan;
  arrival: Arrival;
  /** Tells packets of this run from those of others. */
  run: number;
  /** Since the run began, in milliseconds. */
  now(): number;
  /** @param travelMs undefined for a packet that this run did not send */
  onPacket(bytes: number, travelMs: number | undefined): void;
  /** Each packet that is received. */
  onFrame?(trackId: string, payload: Uint8Array): void;
  /** False: sends its first word at once, as a browser without transforms does. */
  holdsBack?: boolean;
  /** Whether it speaks now, if that is not as the plan says. */
  speaks?(): boolean;
  /** @throws ParleyError for a media server that may not be called */
  checkAddresses(offer: MediaOffer): void;
}

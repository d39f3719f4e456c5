// A participant of the load tool that sends a voice and, unless told otherwise, a camera in three layers, and looks at nobody.
import { Participant } from '../../../client/load/participant.ts';
import type { LoadPlan } from '../../../client/load/plan.ts';
import { type Owner, ownedBy } from '../server/owned.ts';

/** @returns after its join was answered */
export async function lightPublisher(
  context: Owner,
  url: string,
  room: string,
  name: string,
  { token, hasCamera = true }: { token?: string; hasCamera?: boolean } = {},
): Promise<Participant> {
  const plan: LoadPlan = {
    ...{ url, room, token, publishers: 1, viewers: 0, rooms: 1, layout: 0, speakers: 0 },
    ...{ cameras: hasCamera ? 1 : 0, called: undefined, counted: 1 },
    ...{ audioOnly: false, rampMs: 0, durationMs: 0, json: false, isOwn: true },
    thresholds: {
      ...{ refused: 0, joinP95Ms: 0, firstPacketP95Ms: 0, lossPercent: 0, gapPercent: 0 },
      delayP95Ms: 0,
    },
  };
  const participant = new Participant({
    plan,
    arrival: {
      atMs: 0,
      role: 'publisher',
      room,
      name,
      place: 0,
      publishersOfRoom: 1,
      isCounted: true,
      hasCamera,
    },
    run: 1,
    now: () => performance.now(),
    onPacket() {},
    checkAddresses() {},
  });
  ownedBy(context).defer(() => participant.leave());
  await participant.join();
  return participant;
}

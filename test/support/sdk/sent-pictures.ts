// Packets of pictures that a page sends, layer by layer, and whether its window is in front.

import type { Participant } from '../browser/participant.ts';
import { until } from '../process/until.ts';

/** Packets of a picture that is sent come at least this often. */
const LOOK_MS = 600;

/** The layers of all pictures that are sent at the moment, lowest first, by their names (`r0`). */
export async function layersSent(person: Participant): Promise<string[]> {
  const packets = async () => {
    const entries = (await person.stats()).flat();
    return new Map(
      entries.flatMap(({ type, kind, id, rid, packetsSent = 0 }) =>
        type === 'outbound-rtp' && kind === 'video' ? [[id, { rid, packetsSent }]] : [],
      ),
    );
  };
  const before = await packets();
  await person.page.waitForTimeout(LOOK_MS);
  const sent = [...(await packets())].filter(
    ([id, { packetsSent }]) => packetsSent > (before.get(id)?.packetsSent ?? 0),
  );
  return sent.map(([, { rid = '' }]) => rid).sort();
}

/** Waits until no picture arrives at a page. */
export async function receivesNoPicture(person: Participant): Promise<void> {
  const bytes = async () =>
    (await person.stats())
      .flat()
      .reduce(
        (sum, { type, kind, bytesReceived = 0 }) =>
          type === 'inbound-rtp' && kind === 'video' ? sum + bytesReceived : sum,
        0,
      );
  await until(`${person.name} to receive no picture`, async () => {
    const before = await bytes();
    await person.page.waitForTimeout(LOOK_MS);
    const more = (await bytes()) - before;
    if (more > 0) throw new Error(`${more} bytes came`);
  });
}

/** Another tab is in front of the page, or no longer. */
export async function setHidden({ page }: Participant, hidden: boolean): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

/** The page comes to the front. @returns milliseconds until a tile shows a picture of so many lines */
export function comesBackSharp(
  tile: ReturnType<Participant['tile']>,
  height: number,
): Promise<number> {
  return tile.locator('video').evaluate(
    (video: HTMLVideoElement, lines) =>
      new Promise<number>((resolve) => {
        const since = performance.now();
        const look: VideoFrameRequestCallback = (now, { height: shown }) => {
          if (shown >= lines) resolve(now - since);
          else video.requestVideoFrameCallback(look);
        };
        video.requestVideoFrameCallback(look);
        Object.defineProperty(document, 'hidden', { value: false, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }),
    height,
  );
}

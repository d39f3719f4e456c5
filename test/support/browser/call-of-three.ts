// The story of a whole call among three people, told once for every way that media can travel.
import assert from 'node:assert/strict';
import { DEADLINES } from '../process/deadlines.ts';
import { until } from '../process/until.ts';
import type { Participant } from './participant.ts';
import { type CandidatePair, type SentLayer, sentLayers } from './rtc-stats.ts';
import type { Scene } from './scene.ts';

/** A window so small that every tile asks for the lowest layer, and one that asks for the highest. */
const SMALL_WINDOW = { width: 480, height: 420 };
const LARGE_WINDOW = { width: 2400, height: 1500 };
/** Height of the lowest of the camera's three layers; see shared/media/media.ts. */
const LOWEST_LAYER = 180;

/**
 * @param url of the room
 * @param carriedBy asserts about each candidate pair that carries media
 */
export async function callOfThree(
  scene: Scene,
  url: string,
  carriedBy: (pair: CandidatePair) => void,
): Promise<void> {
  const people = await scene.peopleIn(url, ['Ann', 'Bo', 'Cy']);
  const [ann, bo, cy] = people as [Participant, Participant, Participant];

  await scene.step('everybody sees and hears everybody', async () => {
    for (const person of people) {
      for (const other of people) await person.sees(other.name);
      await person.hears(people.length - 1);
    }
  });

  await scene.step('their media travels the way it should', async () => {
    // The first way that is found may be another one; the better one follows.
    await until('everybody to be on the best path', async () => {
      for (const person of people) {
        const pairs = await person.candidatePairs();
        assert.ok(pairs.length >= 2, `${person.name} has ${pairs.length} connections, not two`);
        pairs.forEach(carriedBy);
      }
    });
  });

  await scene.step('a small tile gets a small picture, a large one a large picture', async () => {
    await ann.page.setViewportSize(SMALL_WINDOW);
    const low = await receivesHeight(ann, bo, 'a small', (height) => height <= LOWEST_LAYER);
    await ann.page.setViewportSize(LARGE_WINDOW);
    // Not the highest: a sender without enough bandwidth leaves that one out, rightly. One without
    // enough CPU shrinks all of its layers; then the largest of them is all that there is.
    const high = await receivesHeight(
      ann,
      bo,
      'a larger',
      (height, sent) =>
        height > LOWEST_LAYER ||
        (sent.some(({ limitedBy }) => limitedBy === 'cpu') && height === largest(sent)),
    );
    scene.note(`the picture was ${low}, then ${high} pixels high`);
  });

  await scene.step('a chat message reaches all', async () => {
    await ann.sendChat('Shall we begin?');
    for (const person of people) await person.readsInChat('Shall we begin?');
  });

  await scene.step('a shared screen reaches all, and goes again', async () => {
    await bo.toggle('Share screen', true);
    for (const person of [ann, cy]) await person.seesMoving(person.screenOf('Bo'));
    await bo.toggle('Share screen', false);
    for (const person of [ann, cy]) await person.screenOf('Bo').waitFor({ state: 'detached' });
  });

  await scene.step('somebody leaves, and the others see it', async () => {
    await cy.leave();
    for (const person of [ann, bo]) {
      const timeout = DEADLINES.seenByOthers;
      await person.tile('Cy').waitFor({ state: 'detached', timeout });
      await person.hears(1);
    }
  });

  await scene.step('and comes back', async () => {
    await cy.join(url);
    for (const person of [ann, bo]) {
      await person.sees('Cy');
      await person.hears(2);
      await cy.sees(person.name);
    }
    await cy.hears(2);
    await cy.readsInChat('Shall we begin?');
  });
}

async function receivesHeight(
  viewer: Participant,
  sender: Participant,
  what: string,
  fits: (height: number, sent: readonly SentLayer[]) => boolean,
): Promise<number> {
  return until(
    `${viewer.name} to get ${what} picture of ${sender.name}`,
    async () => {
      const { height } = await viewer.video(viewer.tile(sender.name));
      const sent = sentLayers(await sender.stats());
      const layers = sent.map(
        (layer) =>
          `${layer.height} at ${layer.targetBitrate} bit/s (limited by ${layer.limitedBy})`,
      );
      assert.ok(
        height > 0 && fits(height, sent),
        `it is ${height} pixels high, of ${layers.join(', ')}`,
      );
      return height;
    },
    { withinMs: DEADLINES.media },
  );
}

function largest(sent: readonly SentLayer[]): number {
  return Math.max(...sent.map(({ height, targetBitrate }) => (targetBitrate > 0 ? height : 0)));
}

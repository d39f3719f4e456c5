// In a room where voices are chosen, a browser hears the first tones of whoever begins to speak there.
import assert from 'node:assert/strict';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';
import { LightRoom } from '../../support/voice/light-room.ts';
import {
  forgetTones,
  heardTones,
  PIECE_MS,
  sayWord,
  TONE_MS,
  TONES,
  withTones,
} from '../../support/voice/tones.ts';

/** With one more there is one who is not received, and nobody is kept ready. */
const SILENT = 3;
const LIMITS = { EVERY_VOICE_UP_TO: '1', VOICES: '1', READY_VOICES: '0' };
const TRIALS = 3;
/** Nothing more of a word comes when nothing came for this long. */
const SETTLED_MS = 2_500;
/** A receiver catches up by playing faster, so that tones are shorter than they were said. */
const LEAST_PIECES = (0.4 * TONE_MS) / PIECE_MS;

/** @returns the number of pieces that were heard of each tone; nothing of any on a machine that is too busy */
async function hears(listener: Participant, speaker: Participant): Promise<number[]> {
  await forgetTones(listener.page);
  await sayWord(speaker.page);
  let before = -1;
  return until(
    'the word to be over',
    async () => {
      const heard = await heardTones(listener.page);
      const now = heard.reduce((sum, pieces) => sum + pieces, 0);
      const isNews = now !== before;
      before = now;
      assert.ok(!isNews, `${heard}`);
      return heard;
    },
    { everyMs: SETTLED_MS },
  );
}

/** @param displace makes somebody else the last speaker */
async function hearsWord(
  listener: Participant,
  speaker: Participant,
  displace: () => Promise<unknown>,
): Promise<number[]> {
  let heard = await hears(listener, speaker);
  // A word does not wait longer than a second for a browser that cannot keep up. Then there was no test.
  for (let again = 0; again < TRIALS && heard.every((pieces) => pieces === 0); again++) {
    await displace();
    heard = await hears(listener, speaker);
  }
  const missing = TONES.filter((_, tone) => (heard[tone] ?? 0) < LEAST_PIECES);
  assert.deepEqual(missing, [], `pieces of each tone: ${heard.join(' ')}`);
  return heard;
}

/** @returns the requests to publish a microphone, as they come */
function microphonesOf({ page }: Participant): string[] {
  const found: string[] = [];
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => {
      const text = String(payload);
      if (text.includes('"publish"') && text.includes('"microphone"')) found.push(text);
    });
  });
  return found;
}

/** Resolves when the page before the call has prepared it: its microphone is negotiated then. */
async function pathsAreUp({ page }: Participant): Promise<void> {
  await until('both paths to be up before the join', async () => {
    const states = await page.evaluate(() =>
      window.parleyTest.connections
        .map(({ connectionState }) => connectionState)
        .filter((state) => state !== 'closed'),
    );
    assert.deepEqual(states, ['connected', 'connected']);
  });
}

story('a browser hears the first tones of whoever begins to speak', async (scene, t) => {
  const parley = await scene.parley(LIMITS);
  const [ann, zoe] = [await scene.person('Ann'), await scene.person('Zoe')];
  for (const person of [ann, zoe]) await withTones(person.page);
  // She is there before the room is large. When it is, her browser makes another sender for her microphone.
  await ann.join(parley.room('hall'));
  const lights = await LightRoom.open(t, { urls: [parley.url], room: 'hall', people: SILENT });
  const publications = microphonesOf(zoe);
  await zoe.open(parley.room('hall'));
  await pathsAreUp(zoe);
  await zoe.clickJoin();
  const note = (pieces: readonly number[]) => scene.note(`pieces of each tone: ${pieces}`);

  const displace = () => lights.word(lights.people[0]!, 150);

  await scene.step('who has never spoken', async () => {
    // Of what is said before the browser has a sender for it, nothing can be kept.
    await until('her microphone to be published', () => assert.ok(publications.length > 0));
    note(await hearsWord(ann, zoe, displace));
    // A second one would mean that what she said until then was sent past the gate.
    assert.equal(publications.length, 1);
  });
  await scene.step('who was there while the room was small', async () =>
    note(await hearsWord(zoe, ann, displace)),
  );
  await scene.step('who interrupts another', async () => {
    await displace();
    note(await hearsWord(ann, zoe, displace));
  });
  await scene.step('who unmutes to speak', async () => {
    await zoe.toggle('Microphone', false);
    await lights.word(lights.people[1]!, 150);
    await zoe.toggle('Microphone', true);
    note(await hearsWord(ann, zoe, displace));
  });
});

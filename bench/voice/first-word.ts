// What a silent room misses of a first word, and how late it is: of voices that were not received before, of voices
// kept ready, and, as the neighbour, of voices that do not hold their first word back.

import { Parley } from '../../test/support/server/parley.ts';
import { LightRoom } from '../../test/support/voice/light-room.ts';
import { BenchOwner } from '../owner.ts';
import { spread } from '../statistics.ts';

const PEOPLE = Number(process.env.PEOPLE ?? 300);
/** More than are kept ready, so that the first of them is forgotten. */
const SPEAKERS = Number(process.env.SPEAKERS ?? 12);
/** A second of numbered frames. */
const WORD = 50;
/** How far back one speaks again: beyond the eight voices that are heard, within those kept ready. */
const AGO = 10;

interface Row {
  missing: number[];
  lateMs: number[];
}

function print(what: string, { missing, lateMs }: Row): void {
  const lacking = missing.filter((frames) => frames > 0).length;
  const late = spread(lateMs.filter(Number.isFinite));
  const all = missing.reduce((sum, frames) => sum + frames, 0);
  console.log(
    `${what.padEnd(28)} ${all} of ${missing.length * WORD} frames missing, at ${lacking} of ${missing.length} listeners;`,
    `first frame after ${late.median.toFixed(0)} ms in the median, ${late.max.toFixed(0)} at most`,
  );
}

async function measure(holdsBack: boolean): Promise<void> {
  const owner = new BenchOwner();
  const parley = await Parley.start({
    ...{ WORKERS: '2', LOG_LEVEL: 'warn', MAX_PARTICIPANTS_PER_ROOM: '1000' },
    ...{ ARRIVAL_BURST_PER_ADDRESS: '10000' },
  });
  owner.after(() => parley[Symbol.asyncDispose]());
  try {
    const room = await LightRoom.open(owner, {
      ...{ urls: [parley.url], room: 'hall', people: PEOPLE, holdsBack },
    });
    const first: Row = { missing: [], lateMs: [] };
    const ready: Row = { missing: [], lateMs: [] };
    for (let n = 0; n < SPEAKERS; n++) {
      const add = async (row: Row, place: number) => {
        const speaker = room.people[PEOPLE - 1 - place];
        if (!speaker) return;
        const { missing, lateMs } = await room.word(speaker, WORD);
        row.missing.push(...missing);
        row.lateMs.push(...lateMs);
      };
      await add(first, n);
      if (n >= AGO) await add(ready, n - AGO);
    }
    const how = holdsBack ? '' : ' (sent at once)';
    print(`not received before${how}`, first);
    if (ready.missing.length > 0) print(`kept ready${how}`, ready);
  } finally {
    await owner.close();
  }
}

console.log(`A silent room of ${PEOPLE}; each word has ${WORD} frames of 20 ms.`);
await measure(true);
await measure(false);
process.exit();

// `npm run bench:room`: what one participant more costs, in rooms of any size. Protocol alone: nobody sends packets.
import { parseArgs } from 'node:util';
import { ensureClient } from '../client/build.ts';
import { Parley } from '../test/support/server/parley.ts';
import { ENV, MEASURED, type Measured, measure, type Size } from './room/measure.ts';
import { checkOut, type Release } from './room/release.ts';
import { goals, HEAD, row } from './room/table.ts';

const SIZES: readonly Size[] = [
  ...[10, 50, 200, 1_000].map((participants) => ({
    name: `${participants} who publish`,
    participants,
    publishing: true,
  })),
  { name: '2000 who watch', participants: 2_000, publishing: false },
];

const { values } = parseArgs({
  options: {
    /** Part of the name of a size. */
    only: { type: 'string', default: '' },
    /** A tag, branch or commit that is measured in the same run, size by size. */
    beside: { type: 'string' },
  },
});
await ensureClient();
const beside = values.beside === undefined ? undefined : await checkOut(values.beside);
const here = { name: 'this', folder: undefined };
const releases: readonly (Release | typeof here)[] = [here, ...(beside ? [beside] : [])];
const results = new Map<string, Measured>();
try {
  console.log(
    `What one change costs: CPU of Node.js, and what all participants are sent; means of ${MEASURED}\n`,
  );
  console.log(HEAD);
  for (const size of SIZES.filter(({ name }) => name.includes(values.only))) {
    for (const { name, folder } of releases) {
      const measured = await measure(await Parley.start(ENV, { folder }), size);
      if (folder === undefined) results.set(size.name, measured);
      console.log(row(size.name, name, measured));
    }
  }
} finally {
  await beside?.close();
}
const [small, large] = [results.get('50 who publish'), results.get('1000 who publish')];
if (small && large) console.log(`\n${goals(small, large).join('\n')}`);

// Participants of the load tool beside one in a browser: their generated media is media for the browser too.
import assert from 'node:assert/strict';
import { parse } from '../../../client/load/arguments.ts';
import { runLoad } from '../../../client/load/run.ts';
import { story } from '../../support/browser/scene.ts';

const MACHINE = { addresses: [], names: [] };
const LINE = '--publishers 2 --speakers 1 --layout 1 --ramp 0 --duration 600';

story('a browser shows the cameras of light participants, and plays who speaks', async (scene) => {
  const parley = await scene.parley();
  const [ann] = await scene.peopleIn(parley.room('load'), ['Ann']);
  assert.ok(ann);
  const parsed = parse(['--url', parley.url, '--room', 'load', ...LINE.split(' ')], MACHINE);
  assert.ok('plan' in parsed);
  const end = new AbortController();
  const { signal } = end;
  const running = runLoad(parsed.plan, { machine: MACHINE, signal, onProgress: () => {} });
  try {
    for (const name of ['publisher 1', 'publisher 2']) {
      await scene.step(`${name} is seen`, () => ann.sees(name));
    }
    await scene.step('one of them is heard', () => ann.hearsOneVoice());
  } finally {
    end.abort();
    await running;
  }
});

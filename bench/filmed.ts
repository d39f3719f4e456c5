// A server, and a Chromium whose camera shows a lively film: for benches of what encoders send.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureClient } from '../client/build.ts';
import { Chromium } from '../test/support/browser/chromium.ts';
import { Parley } from '../test/support/server/parley.ts';
import { type Film, filmOf } from './bandwidth/lively-video.ts';

/** Both end with the stack. */
export async function startFilmed(
  stack: AsyncDisposableStack,
  film: Film,
): Promise<{ parley: Parley; chromium: Chromium }> {
  await ensureClient({ log: console.log });
  const parley = stack.use(await Parley.start({ LOG_LEVEL: 'info', WORKERS: '1' }));
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-film-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'camera.y4m');
  await writeFile(file, filmOf(film));
  const frameRate = film.framesPerSecond;
  const chromium = stack.use(await Chromium.launch({ frameRate, film: file }));
  return { parley, chromium };
}

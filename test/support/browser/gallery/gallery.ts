// The page of a call in a browser, with a crowd that needs no server: its size and its events are a test's.
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { build } from 'vite';
import type { Chromium } from '../chromium.ts';
import type { GalleryOptions } from './fake-call.ts';

/** Browsers allow on it what they allow on localhost. Nothing listens there: its files come from memory. */
const ORIGIN = 'http://localhost:9';

let files: Promise<ReadonlyMap<string, string>> | undefined;

/** Opens the page of a call and waits for the bar below it. */
export async function openGallery(
  chromium: Chromium,
  options: GalleryOptions,
  browserWindow: BrowserContextOptions = {},
): Promise<Page> {
  files ??= buildPage();
  const served = await files;
  const page = await chromium.newPage(browserWindow);
  await page.route(`${ORIGIN}/**`, (route) => {
    const path = new URL(route.request().url()).pathname.slice(1) || 'index.html';
    const body = served.get(path);
    if (body === undefined) return route.fulfill({ status: 404 });
    const type = { js: 'text/javascript', css: 'text/css' }[path.split('.').at(-1) ?? ''];
    return route.fulfill({ body, contentType: type ?? 'text/html' });
  });
  await page.addInitScript((given) => {
    window.galleryOptions = given;
  }, options);
  await page.goto(ORIGIN);
  await page.getByRole('button', { name: 'Leave' }).waitFor();
  return page;
}

async function buildPage(): Promise<ReadonlyMap<string, string>> {
  const client = fileURLToPath(new URL('../../../../client/', import.meta.url));
  const result = await build({
    configFile: `${client}vite.config.ts`,
    logLevel: 'warn',
    publicDir: false,
    build: {
      write: false,
      minify: false,
      rolldownOptions: { input: { page: fileURLToPath(new URL('page.ts', import.meta.url)) } },
    },
  });
  const outputs = Array.isArray(result) ? result : [result];
  const built = new Map<string, string>();
  for (const output of outputs) {
    if (!('output' in output)) continue;
    for (const file of output.output) {
      const content = file.type === 'chunk' ? file.code : String(file.source);
      built.set(file.fileName, content);
    }
  }
  const names = [...built.keys()];
  const entry = names.find((name) => /page-[\w-]+\.js$/.test(name));
  const styles = names.filter((name) => name.endsWith('.css'));
  built.set(
    'index.html',
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
${styles.map((name) => `<link rel="stylesheet" href="/${name}">`).join('\n')}
<body><script type="module" src="/${entry}"></script></body></html>`,
  );
  return built;
}

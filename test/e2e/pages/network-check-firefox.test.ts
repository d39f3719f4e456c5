// The network check in Firefox, whose ICE tells of candidates and refusals in its own way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import {
  isInNamespace,
  NAMESPACE_ADDRESS,
  runInNamespace,
} from '../../support/network/network-namespace.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { programPath } from '../../support/process/programs.ts';
import { Parley } from '../../support/server/parley.ts';
import { startCoturn } from '../../support/turn/coturn.ts';

/** What the page says in the end, when its server has this environment besides. */
async function checked(env: Readonly<Record<string, string>>): Promise<string> {
  await using coturn = await startCoturn('secret', { address: NAMESPACE_ADDRESS });
  const server = { ...coturn.env, MEDIA_LISTEN_ADDRESSES: NAMESPACE_ADDRESS, ...env };
  await using parley = await Parley.start(server);
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: programPath('firefox'),
    headless: true,
    timeout: DEADLINES.firefoxStart,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
    },
  });
  try {
    const page = await browser.newPage();
    await page.goto(`${parley.url}check`);
    await page.waitForSelector('progress');
    await page.waitForSelector('progress', { hidden: true, timeout: DEADLINES.media });
    return (await page.$eval('main', (main) => main.innerText)).replaceAll('\u00a0', ' ');
  } finally {
    await browser.close();
  }
}

if (isInNamespace()) {
  test('all is well in Firefox', async () => {
    const text = await checked({});
    assert.match(text, /Calls will work well/);
    assert.equal(text.match(/(Open|Works)\. There and back takes/g)?.length, 4, text);
    assert.match(text, /At least [\d.]+ Mbit\/s each way/);
  });

  test('Firefox says that a relay refuses', async () => {
    const text = await checked({ TURN_SHARED_SECRET: 'not-the-secret-of-coturn' });
    assert.match(text, /Calls will work well/);
    assert.equal(text.match(/It refuses our credentials \(401\)/g)?.length, 2, text);
  });
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network that Firefox needs';
  test('the network check in Firefox, on a network of its own', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url)),
  );
}

// One story of the end-to-end tests: owns its servers, browsers and participants, and keeps the evidence.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BrowserContextOptions } from 'playwright-core';
import { Product } from '../embed/product.ts';
import { type Relay, type RelayOptions, startRelay } from '../network/relay.ts';
import type { ManagedProcess } from '../process/managed-process.ts';
import { type Elsewhere, Parley } from '../server/parley.ts';
import { type Coturn, type CoturnMode, type CoturnOptions, startCoturn } from '../turn/coturn.ts';
import { Chromium, type ChromiumOptions, type Devices } from './chromium.ts';
import { EVIDENCE_FOLDER } from './evidence-folder.ts';
import { FirefoxPerson } from './firefox.ts';
import { Participant } from './participant.ts';

export interface PersonOptions {
  devices?: Devices;
  /** A browser of their own, started like this. */
  browser?: ChromiumOptions;
  /** Size of the window, touch, colour scheme and so on. */
  window?: BrowserContextOptions;
}

/**
 * A test with a {@link Scene}. Everything that the scene started is closed after it, newest first. A server
 * that does not end cleanly, or a page with an uncaught error, fails the story.
 *
 * @param options `skip`: the reason why it cannot run on this machine
 */
export function story(
  name: string,
  body: (scene: Scene, context: TestContext) => Promise<void>,
  { skip = false }: { skip?: string | false } = {},
): void {
  test(name, { skip }, async (context) => {
    const scene = new Scene(context);
    try {
      await body(scene, context);
      scene.assertNoPageErrors();
    } catch (error) {
      await scene.keepEvidence(name);
      throw error;
    } finally {
      await scene.close();
    }
  });
}

export class Scene {
  readonly #context: TestContext;
  readonly #owned = new AsyncDisposableStack();
  readonly #browsers = new Map<Devices, Promise<Chromium>>();
  readonly #people: Participant[] = [];
  readonly #firefoxPeople: FirefoxPerson[] = [];
  readonly #processes: ManagedProcess[] = [];

  constructor(context: TestContext) {
    this.#context = context;
  }

  /** Part of the story. When one fails the story ends: the next ones build on it. */
  async step(name: string, body: () => Promise<void>): Promise<void> {
    let failure: { error: unknown } | undefined;
    await this.#context.test(name, async () => {
      try {
        await body();
      } catch (error) {
        failure = { error };
        throw error;
      }
    });
    if (failure) throw failure.error;
  }

  /** Something worth knowing about a story that went well. */
  note(text: string): void {
    this.#context.diagnostic(text);
  }

  async parley(env?: Readonly<Record<string, string>>, elsewhere?: Elsewhere): Promise<Parley> {
    const parley = this.#owned.use(await Parley.start(env, elsewhere));
    this.#processes.push(parley.process);
    return parley;
  }

  /** Somebody's product, on another origin than any server. */
  async product(): Promise<Product> {
    return this.#owned.use(await Product.start());
  }

  async coturn(mode: CoturnMode, options?: CoturnOptions): Promise<Coturn> {
    const coturn = this.#owned.use(await startCoturn(mode, options));
    this.#processes.push(coturn.process);
    return coturn;
  }

  async relay(target: string, options?: RelayOptions): Promise<Relay> {
    return this.#owned.use(await startRelay(target, options));
  }

  /** A participant with a window of their own. Those with the same devices share a browser's process. */
  async person(
    name: string,
    { devices = 'fake', window, browser: own }: PersonOptions = {},
  ): Promise<Participant> {
    let browser = own ? undefined : this.#browsers.get(devices);
    if (!browser) {
      const options = { devices, ...own };
      browser = Chromium.launch(options).then((launched) => this.#owned.use(launched));
      if (!own) this.#browsers.set(devices, browser);
    }
    const person = new Participant(name, await (await browser).newPage(window));
    this.#people.push(person);
    return person;
  }

  /** A participant with Firefox. */
  async firefox(name: string): Promise<FirefoxPerson> {
    const person = this.#owned.use(await FirefoxPerson.launch(name));
    this.#firefoxPeople.push(person);
    return person;
  }

  /** Several participants in the same room, who joined one after the other. */
  async peopleIn(url: string, names: readonly string[]): Promise<Participant[]> {
    const people: Participant[] = [];
    for (const name of names) {
      const person = await this.person(name);
      await person.join(url);
      people.push(person);
    }
    return people;
  }

  assertNoPageErrors(): void {
    for (const { name, errors } of this.#people) {
      assert.deepEqual(errors, [], `${name}'s page had uncaught errors`);
    }
  }

  /** Screenshots, consoles and logs, in test-results/; the last lines also in the test's output. */
  async keepEvidence(story: string): Promise<void> {
    const folder = path.join(EVIDENCE_FOLDER, story.replace(/\W+/g, '-').toLowerCase());
    await mkdir(folder, { recursive: true });
    for (const { name, page, console } of this.#people) {
      await writeFile(path.join(folder, `${name}.console.log`), console.join('\n'));
      await page.screenshot({ path: path.join(folder, `${name}.png`) }).catch(() => {});
      this.#context.diagnostic(`${name}'s console:\n${console.slice(-15).join('\n')}`);
    }
    for (const person of this.#firefoxPeople) {
      await writeFile(path.join(folder, `${person.name}.console.log`), person.console.join('\n'));
      await person.screenshot(`${folder}/${person.name}.png`).catch(() => {});
      this.#context.diagnostic(
        `${person.name}'s console:\n${person.console.slice(-15).join('\n')}`,
      );
    }
    for (const [index, child] of this.#processes.entries()) {
      await writeFile(path.join(folder, `${index}-${child.name}.log`), child.lines.join('\n'));
      this.#context.diagnostic(`${child.name}:\n${child.tail(30)}`);
    }
    this.#context.diagnostic(`more in ${folder}`);
  }

  async close(): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

// The whole server inside the test's own process, on free ports, with real workers.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { provisionWorker } from '../../../native/provision.ts';
import { type Config, loadConfig } from '../../../server/config/config.ts';
import { type AllInOne, startAllInOne } from '../../../server/entries/compose.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { RESOURCE_KINDS, type ResourceKind } from '../../../server/telemetry/resources.ts';
import { SIGNALING_PATH } from '../../../shared/protocol/protocol.ts';
import { DEADLINES } from '../process/deadlines.ts';
import { until } from '../process/until.ts';
import { ownedBy } from './owned.ts';

/** One worker and no settings of the machine. A test adds the settings that matter. */
export const TEST_ENV = {
  PORT: '0',
  METRICS_PORT: '0',
  HOST: '127.0.0.1',
  MEDIA_LISTEN_ADDRESSES: '127.0.0.1',
  MEDIA_PORT: '0',
  WORKERS: '1',
} as const;

/** The served page. Tests of the server do not need the real one. */
export const PAGE = '<!doctype html><title>Parley</title><script src="/assets/app.js"></script>';
/** Log lines shown of a test that failed. */
const LINES_SHOWN = 40;
/** The resources of a TURN server's probe are closed within this time. */
const A_PROBE_MS = 3_000;

export interface TestServerOptions {
  workerBin?: string;
  logLevel?: string;
  tls?: { key: string; cert: string };
}

/** Found, and run once to be sure, for all servers of the process. */
let workerPath: Promise<string> | undefined;

export function workerBinary(): Promise<string> {
  workerPath ??= provisionWorker().then(({ path }) => path);
  return workerPath;
}

export class TestServer implements AsyncDisposable {
  readonly config: Config;
  readonly app: AllInOne;
  /** Its log lines, a JSON object in each. */
  readonly logLines: readonly string[];
  /** The open resources before the first participant. */
  readonly idle: Readonly<Record<ResourceKind, number>>;
  readonly #clientDir: string;

  private constructor(config: Config, app: AllInOne, logLines: string[], clientDir: string) {
    this.config = config;
    this.app = app;
    this.logLines = logLines;
    this.#clientDir = clientDir;
    this.idle = app.resources.counts();
  }

  static async start(
    env: Readonly<Record<string, string>> = {},
    { workerBin, logLevel = 'debug', tls }: TestServerOptions = {},
  ): Promise<TestServer> {
    const config = loadConfig({ ...TEST_ENV, ...env });
    const clientDir = await writeClient();
    const logLines: string[] = [];
    try {
      const app = await startAllInOne({
        config,
        workerBin: workerBin ?? (await workerBinary()),
        clientDir,
        log: createLogger(logLevel, { write: (line) => void logLines.push(line) }),
        ...(tls && { tls }),
      });
      // The first probe of a TURN server holds a router for a while, which is not open at rest. With probes
      // close to each other there is no rest, and no test compares with it.
      await until(
        'no probe to be under way',
        () => {
          const { router, transport } = app.resources.counts();
          assert.deepEqual([router, transport], [0, 0]);
        },
        { withinMs: A_PROBE_MS },
      ).catch(() => {});
      return new TestServer(config, app, logLines, clientDir);
    } catch (error) {
      await rm(clientDir, { recursive: true, force: true });
      throw error;
    }
  }

  /** With a slash at the end; by address, so that no name has to be looked up. */
  get url(): string {
    return this.app.url.replace('localhost', '127.0.0.1');
  }

  get signalingUrl(): string {
    return new URL(SIGNALING_PATH, this.url.replace('http', 'ws')).href;
  }

  counts(): Record<ResourceKind, number> {
    return this.app.resources.counts();
  }

  /** Waits until only the resources from before the first participant are open. */
  async becomesIdle(withinMs: number = DEADLINES.condition): Promise<void> {
    await until(
      'the server to be idle again',
      () => {
        const now = this.counts();
        const left = RESOURCE_KINDS.filter((kind) => now[kind] !== this.idle[kind]);
        assert.deepEqual(
          left.map((kind) => `${kind}: ${now[kind]} instead of ${this.idle[kind]}`),
          [],
        );
      },
      { withinMs },
    );
  }

  /** The same, with this many sockets open that are in no call. */
  async becomesIdleBut(sockets: number): Promise<void> {
    const idle = { ...this.idle, socket: this.idle.socket + sockets };
    await until('nobody to be in a call', () => {
      const { timer: _, ...now } = this.counts();
      const { timer: __, ...expected } = idle;
      assert.deepEqual(now, expected);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
    await rm(this.#clientDir, { recursive: true, force: true });
  }
}

/** A server for this test alone; its last words are shown if the test fails. */
export async function startServer(
  context: TestContext,
  env: Readonly<Record<string, string>> = {},
  options: TestServerOptions = {},
): Promise<TestServer> {
  const server = await TestServer.start(env, options);
  ownedBy(context).use(server);
  context.after(() => {
    if ('passed' in context && context.passed) return;
    context.diagnostic(`the server's last words:\n${server.logLines.slice(-LINES_SHOWN).join('')}`);
  });
  return server;
}

async function writeClient(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-page-'));
  await mkdir(path.join(folder, 'assets'));
  await writeFile(path.join(folder, 'index.html'), PAGE);
  await writeFile(path.join(folder, 'assets', 'app.js'), 'export {};');
  return folder;
}

// A web server with recordings: the real one, on a store in memory, without media nodes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { RecordingTokens } from '../../../server/api/recordings/recording-tokens.ts';
import { RoomTokens } from '../../../server/api/tokens.ts';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import { createMemoryCluster } from '../../../server/cluster/memory/memory.ts';
import { loadConfig } from '../../../server/config/config.ts';
import { Catalog } from '../../../server/recording/catalog/catalog.ts';
import { buildWeb } from '../../../server/signaling/app.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { createMetrics } from '../../../server/telemetry/metrics.ts';
import { Resources } from '../../../server/telemetry/resources.ts';
import { PAGE, TEST_ENV } from '../server/app.ts';
import { WITH_APPLICATION } from '../server/application.ts';
import { AUTH_TOKEN } from '../server/operator.ts';
import { ownedBy } from '../server/owned.ts';
import { JobsOfTests, RoomsOfTests } from './doubles.ts';
import { MemoryStore } from './memory-store.ts';

export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The body as JSON. */
  json: unknown;
  /** The code of a refusal. */
  code: string | undefined;
}

export interface Asked {
  token?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}

export const CLOSED = { RECORD_ENABLED: '1', AUTH_TOKEN, ...WITH_APPLICATION };
export const OPEN = { RECORD_ENABLED: '1' };

export class RecordingWeb {
  readonly url: string;
  readonly store: MemoryStore;
  readonly catalog: Catalog;
  readonly rooms = new RoomsOfTests();
  readonly jobs = new JobsOfTests();
  readonly logLines: string[] = [];
  /** Those of the server, as another replica would have them. */
  readonly tokens: RecordingTokens;
  readonly roomTokens: RoomTokens | undefined;

  private constructor(
    url: string,
    store: MemoryStore,
    catalog: Catalog,
    tokens: RecordingTokens,
    roomTokens: RoomTokens | undefined,
  ) {
    this.url = url;
    this.store = store;
    this.catalog = catalog;
    this.tokens = tokens;
    this.roomTokens = roomTokens;
  }

  /** @param env CLOSED, or OPEN, and what a test adds; without RECORD_ENABLED nothing records */
  static async start(
    context: TestContext,
    env: Readonly<Record<string, string>>,
  ): Promise<RecordingWeb> {
    const config = loadConfig({ ...TEST_ENV, ...env });
    const owned = ownedBy(context);
    const clientDir = await mkdtemp(path.join(tmpdir(), 'parley-page-'));
    owned.defer(() => rm(clientDir, { recursive: true, force: true }));
    await writeFile(path.join(clientDir, 'index.html'), PAGE);
    const cluster: Cluster = createMemoryCluster({
      ...{ chatHistory: 1, patchHistory: 1, sessionLeaseMs: 10_000, onListenerError: () => {} },
    });
    owned.defer(() => cluster.close());
    const resources = new Resources();
    const store = new MemoryStore();
    const lines: string[] = [];
    const log = createLogger('debug', { write: (line) => void lines.push(line) });
    const catalog = new Catalog(store, { log });
    const { authToken, apiKeys = [] } = config.access;
    const keys = { authToken, apiKeys, secrets: cluster.secrets };
    const isClosed = authToken !== undefined || apiKeys.length > 0;
    const web = new RecordingWeb(
      '',
      store,
      catalog,
      new RecordingTokens(keys),
      isClosed ? new RoomTokens({ ...keys, rejoinTtlSeconds: 600 }) : undefined,
    );
    const { app } = await buildWeb({
      ...{ config, cluster, resources, log, clientDir, metrics: createMetrics(resources) },
      ...(config.recording.enabled && {
        recordings: { store, catalog, control: web.rooms, jobs: web.jobs },
      }),
    });
    owned.defer(() => app.close());
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    return Object.assign(web, { url, logLines: lines });
  }

  /** The path as it is written: nothing is tidied up on the way. */
  ask(method: string, path: string, { token, body, headers = {} }: Asked = {}): Promise<Answered> {
    const { hostname, port } = new URL(this.url);
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request({
        ...{ host: hostname, port, method, path, agent: false },
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(text !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(parts);
          const json = jsonOf(whole);
          const code = (json as { error?: { code: string } } | undefined)?.error?.code;
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: whole,
            json,
            code,
          });
        });
      });
      sent.end(text);
    });
  }

  /** An invitation. Good for this server. */
  async invite(room: string, role: 'host' | 'guest' | 'viewer', seconds = 600): Promise<string> {
    if (!this.roomTokens) throw new Error('rooms are open here: there are no invitations');
    return (await this.roomTokens.mint({ room, role }, seconds)).token;
  }
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

// The real worker through the real command: downloaded, cached, shared, and a build that is stopped.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { debianToolchain } from '../../../native/build/toolchain.ts';
import { provisionWorker } from '../../../native/provision.ts';
import { until } from '../../support/process/until.ts';

const PROVISION = fileURLToPath(new URL('../../../native/provision.ts', import.meta.url));

let folder: string;
let archive: Buffer;
let workerBytes: Buffer;
const children: ChildProcess[] = [];

before(async () => {
  const { path } = await provisionWorker({ log: () => {} });
  workerBytes = await readFile(path);
  const packed = spawnSync('tar', ['-czf', '-', '-C', dirname(path), basename(path)], {
    maxBuffer: 256 * 1024 * 1024,
  });
  assert.equal(packed.status, 0, String(packed.stderr));
  archive = packed.stdout;
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-provision-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** The command, with a cache of its own; `ended` resolves with all it said. */
function start(env: NodeJS.ProcessEnv) {
  const { MEDIASOUP_WORKER_BIN: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [PROVISION, '--print'], {
    env: { ...inherited, XDG_CACHE_HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    said.stdout += text;
  });
  child.stderr.on('data', (text) => {
    said.stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...said }));
  return { child, said, ended };
}

describe('a mirror with a prebuilt worker', () => {
  let server: Server;
  let requests: number;
  let env: NodeJS.ProcessEnv;
  /** Answers wait for it. */
  let open: PromiseWithResolvers<void>;

  before(async () => {
    server = createServer(async (_request, response) => {
      requests += 1;
      await open.promise;
      response.end(archive);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    env = { MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: `http://127.0.0.1:${port}` };
  });
  beforeEach(() => {
    requests = 0;
    open = Promise.withResolvers();
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  test('its worker is downloaded, run, printed, and in the cache afterwards', async () => {
    open.resolve();
    const first = await start(env).ended;
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /is ready \(download\)/);
    const path = first.stdout.trim();
    assert.ok((await readFile(path)).equals(workerBytes));
    const second = await start(env).ended;
    assert.match(second.stderr, /is ready \(cache\)/);
    assert.equal(second.stdout, first.stdout);
    assert.equal(requests, 1);
  });

  test('two commands at once download it once: one waits, and says for whom', async () => {
    const first = start(env);
    await until('the first to download', () => assert.equal(requests, 1));
    const second = start(env);
    await until('the second to wait', () =>
      assert.match(second.said.stderr, new RegExp(`Waiting for process ${first.child.pid} on `)),
    );
    open.resolve();
    const [one, two] = await Promise.all([first.ended, second.ended]);
    assert.match(one.stderr, /is ready \(download\)/);
    assert.match(two.stderr, /is ready \(cache\)/);
    assert.equal(one.stdout, two.stdout);
    assert.equal(requests, 1);
  });

  test('when the one that works is killed, the one that waits takes over', async () => {
    const first = start(env);
    await until('the first to download', () => assert.equal(requests, 1));
    const second = start(env);
    await until('the second to wait', () => assert.match(second.said.stderr, /Waiting/));
    first.child.kill('SIGKILL');
    open.resolve();
    const { stderr } = await second.ended;
    assert.match(stderr, /is ready \(download\)/);
  });
});

const canBuild = (await debianToolchain.versions()) !== undefined;

/** One that fetches, one that compiles. */
for (const program of ['apt-get', 'cc1plus']) {
  test(`a build that gets a signal to end under ${program} leaves no process, no folder and no lock`, {
    skip: !canBuild && 'the packages to build with are not installed',
  }, async () => {
    const { child, said, ended } = start({ MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD: 'true' });
    await until(`${program} to run`, async () => {
      const names = (await processesIn(folder)).map(({ name }) => name);
      assert.ok(names.includes(program), said.stderr);
    });
    child.kill('SIGTERM');
    assert.equal((await ended).signal, 'SIGTERM');
    assert.deepEqual(await processesIn(folder), []);
    assert.deepEqual(await readdir(join(folder, 'parley', 'worker')), []);
  });
}

/** The processes that work below `folder`. */
async function processesIn(folder: string): Promise<Array<{ pid: string; name: string }>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => ({
      pid,
      folder: await readlink(join('/proc', pid, 'cwd')).catch(() => ''),
      name: (await readFile(join('/proc', pid, 'comm'), 'utf8').catch(() => '')).trim(),
    })),
  );
  return found
    .filter((each) => each.folder.startsWith(folder))
    .map(({ pid, name }) => ({ pid, name }));
}

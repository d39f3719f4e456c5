// Where a worker is taken from, in which order, and what is said when there is none.
//
// Running a worker and compiling one are stood in for: a "binary" works when it says so. The real
// ones are in test/integration/native/provision.test.ts.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SrtpOrigin } from '../../../native/build/recipe.ts';
import type { Toolchain } from '../../../native/build/toolchain.ts';
import { binaryName } from '../../../native/cache.ts';
import { ProvisionError } from '../../../native/errors.ts';
import { type ProvisionOptions, provisionWorker } from '../../../native/provision.ts';

const VERSION = '9.8.7';

let folder: string;
let cache: string;
let packageBinary: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-provision-'));
  cache = join(folder, 'cache', 'parley', 'worker');
  packageBinary = join(folder, 'package', 'worker', 'out', 'Release', binaryName());
  lines = [];
  await mkdir(dirname(packageBinary), { recursive: true });
  const repository = { type: 'git', url: 'git+https://127.0.0.1:1/unreachable.git' };
  const manifest = JSON.stringify({ version: VERSION, repository });
  await writeFile(join(folder, 'package', 'package.json'), manifest);
});
afterEach(() => rm(folder, { recursive: true }));

async function verify(path: string): Promise<void> {
  const content = await readFile(path, 'utf8').catch(() => 'it cannot be started');
  if (content !== 'good') throw new ProvisionError(content);
}

/** A machine that can build at once, unless told otherwise; counts its builds. */
function toolchain(overrides: Partial<Toolchain> = {}): Toolchain & { builds: number } {
  const self = {
    builds: 0,
    versions: async () => new Map([['g++', '12']]),
    install: async () => {},
    build: async ({ buildFolder }: { buildFolder: string }) => {
      self.builds += 1;
      const path = join(buildFolder, 'mediasoup-worker');
      await writeFile(path, 'good');
      return { path, srtp: 'source' as const };
    },
    ...overrides,
  };
  return self;
}

const cannotBuild = () =>
  toolchain({
    versions: async () => undefined,
    install: async () => {
      throw new ProvisionError('g++ is needed to build: run "sudo apt-get install g++"');
    },
  });

/** The same machine without a network. */
const cannotFetch = (tools: Toolchain) =>
  toolchain({ ...tools, build: () => Promise.reject(new Error('fetches sources')) });

function provision(env: NodeJS.ProcessEnv = {}, options: ProvisionOptions = {}) {
  return provisionWorker({
    env: { XDG_CACHE_HOME: join(folder, 'cache'), ...env },
    packageFolder: join(folder, 'package'),
    log: (line) => lines.push(line),
    verify,
    toolchain: toolchain(),
    ...options,
  });
}

/** Serves an archive with a "binary" of that content for every address; counts the requests. */
async function withMirror(
  content: string,
  use: (env: NodeJS.ProcessEnv, requests: string[]) => Promise<void>,
): Promise<void> {
  await writeFile(join(folder, binaryName()), content);
  const archive = spawnSync('tar', ['-czf', '-', '-C', folder, binaryName()]).stdout;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.end(archive);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await use({ MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: url }, requests);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const OFFLINE = { MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD: 'true' };

describe('the order', () => {
  test('1: the binary that MEDIASOUP_WORKER_BIN names, before everything else', async () => {
    const path = join(folder, 'mine');
    await writeFile(path, 'good');
    await writeFile(packageBinary, 'good');
    const found = { path, source: 'env', version: VERSION };
    assert.deepEqual(await provision({ MEDIASOUP_WORKER_BIN: path }), found);
  });

  test('2: the package’s own binary, without touching the cache', async () => {
    await writeFile(packageBinary, 'good');
    const found = { path: packageBinary, source: 'package', version: VERSION };
    assert.deepEqual(await provision(), found);
    assert.equal(existsSync(cache), false);
  });

  test('3: a download, which is in the cache from then on', async () => {
    await withMirror('good', async (env, requests) => {
      const tools = toolchain();
      const first = await provision(env, { toolchain: tools });
      assert.equal(first.source, 'download');
      assert.equal(dirname(dirname(first.path)), cache);
      assert.match(requests[0]!, new RegExp(`^/${VERSION}/mediasoup-worker-${VERSION}-.*\\.tgz$`));
      assert.deepEqual(await provision(env), { ...first, source: 'cache' });
      assert.equal(requests.length, 1);
      assert.equal(tools.builds, 0);
    });
  });

  test('4: a build when the download does not run here, said in a line', async () => {
    await withMirror("it does not run here: version `GLIBC_2.38' not found", async (env) => {
      assert.equal((await provision(env)).source, 'build');
      assert.equal((await provision(env)).source, 'cache');
      assert.match(lines.join('\n'), /did not work: .*GLIBC_2\.38/);
    });
  });

  test('a build when the download cannot be reached, said in a line', async () => {
    assert.equal((await provision()).source, 'build');
    assert.match(lines.join('\n'), /downloading https:\/\/127\.0\.0\.1:1\/.* failed/);
  });

  test('no download when mediasoup’s own variable forbids it', async () => {
    await withMirror('good', async (env, requests) => {
      assert.equal((await provision({ ...env, ...OFFLINE })).source, 'build');
      assert.deepEqual(requests, []);
    });
  });

  test('a bad binary in the package is passed over, and said', async () => {
    await writeFile(packageBinary, 'it does not run here');
    assert.equal((await provision(OFFLINE)).source, 'build');
    assert.match(lines[0]!, /Release.*: it does not run here/);
  });

  test('a cached binary that stopped working is replaced', async () => {
    const built = await provision(OFFLINE);
    await writeFile(built.path, 'libssl is gone');
    assert.deepEqual(await provision(OFFLINE), built);
  });

  test('a library’s upgrade makes a new build', async () => {
    const { path } = await provision(OFFLINE);
    const upgraded = toolchain({ versions: async () => new Map([['g++', '13']]) });
    const after = await provision(OFFLINE, { toolchain: upgraded });
    assert.equal(after.source, 'build');
    assert.notEqual(after.path, path);
  });

  test('a build with the distribution’s libsrtp is kept, until there is one with our own', async () => {
    let srtp: SrtpOrigin = 'distribution';
    const build: Toolchain['build'] = async ({ buildFolder }) => {
      const path = join(buildFolder, 'mediasoup-worker');
      await writeFile(path, 'good');
      return { path, srtp };
    };
    const tools = toolchain({ build });
    const first = await provision(OFFLINE, { toolchain: tools });
    const again = { ...first, source: 'cache' };
    assert.deepEqual(await provision(OFFLINE, { toolchain: cannotFetch(tools) }), again);
    await rm(dirname(first.path), { recursive: true });
    srtp = 'source';
    const second = await provision(OFFLINE, { toolchain: tools });
    assert.notEqual(second.path, first.path);
    await mkdir(dirname(first.path));
    await writeFile(first.path, 'good');
    assert.equal((await provision(OFFLINE, { toolchain: cannotFetch(tools) })).path, second.path);
  });

  test('an earlier build counts once the missing packages are installed again', async () => {
    const built = await provision(OFFLINE);
    let installed = false;
    const tools = toolchain({
      versions: async () => (installed ? new Map([['g++', '12']]) : undefined),
      install: async () => {
        installed = true;
      },
    });
    const again = await provision(OFFLINE, { toolchain: tools });
    assert.deepEqual(again, { ...built, source: 'cache' });
    assert.equal(tools.builds, 0);
  });
});

describe('two at once', () => {
  test('one builds, the other waits, says so and takes the result', async () => {
    const tools = toolchain();
    const options = { toolchain: tools };
    const both = await Promise.all([provision(OFFLINE, options), provision(OFFLINE, options)]);
    assert.deepEqual(both.map(({ source }) => source).sort(), ['build', 'cache']);
    assert.equal(tools.builds, 1);
    assert.match(lines.join('\n'), new RegExp(`Waiting for process ${process.pid} on`));
  });

  test('nothing but the binary is left in the cache', async () => {
    const { path } = await provision(OFFLINE);
    assert.deepEqual(await readdir(cache), [basename(dirname(path))]);
    assert.deepEqual(await readdir(dirname(path)), [binaryName()]);
  });
});

describe('the end', () => {
  test('a bad MEDIASOUP_WORKER_BIN is an error, whatever else there is', async () => {
    await writeFile(packageBinary, 'good');
    await assert.rejects(provision({ MEDIASOUP_WORKER_BIN: '/no/such' }), {
      name: 'ProvisionError',
      message: 'MEDIASOUP_WORKER_BIN is /no/such, but it cannot be started: correct or unset it.',
    });
  });

  test('one sentence says all that was tried and what to do', async () => {
    await assert.rejects(provision({}, { toolchain: cannotBuild() }), (error: Error) => {
      assert.equal(error.name, 'ProvisionError');
      assert.match(error.message, /^No mediasoup-worker 9\.8\.7 .* downloading https.* failed/);
      assert.match(error.message, /run "sudo apt-get install g\+\+"/);
      assert.match(error.message, /or set MEDIASOUP_WORKER_BIN to the path of [^.]+9\.8\.7\.$/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });

  test('a failed build is reported with the compiler’s error, and leaves no folder', async () => {
    const build = async () => {
      throw new ProvisionError('compiling src/a.cpp failed (exit code 1): a.cpp:1: error: no');
    };
    await assert.rejects(provision(OFFLINE, { toolchain: toolchain({ build }) }), {
      message: /compiling src\/a\.cpp failed .*error: no/,
    });
    assert.deepEqual(await readdir(cache), []);
  });

  test('an abort during a build rejects with its reason and leaves nothing behind', async () => {
    const stop = new AbortController();
    const reason = new Error('interrupted');
    const build: Toolchain['build'] = async ({ signal }) => {
      stop.abort(reason);
      signal?.throwIfAborted();
      return { path: '', srtp: 'source' };
    };
    await assert.rejects(
      provision(OFFLINE, { toolchain: toolchain({ build }), signal: stop.signal }),
      (error) => error === reason,
    );
    assert.deepEqual(await readdir(cache), []);
  });
});

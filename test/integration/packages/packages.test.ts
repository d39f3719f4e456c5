// What a user installs: the packages are packed, installed in an empty folder, typed, bundled, and used in a call.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { examplesIn, readDoc } from '../../support/embed/examples.ts';
import { startServer } from '../../support/server/app.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc');
/** Kilobytes, compressed. */
const SDK_LIMIT = 110;
const ERRORS_LIMIT = 6;
const EMBED_LIMIT = 8;

/** npm passes its settings on to what it starts, and this test may be that. */
const ENV = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_TEST_CONTEXT)/i.test(name)),
);

/** An empty folder of somebody's. */
let folder: string;

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    cwd,
    env: ENV,
  }).catch((error: { stdout?: string; stderr?: string; message: string }) => {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
  });
  return stdout;
}

function node(args: readonly string[], cwd = folder): Promise<string> {
  return run(process.execPath, args, cwd);
}

/**
 * What this repository's lock file knows of packages from the registry: with it npm takes them from its cache, where
 * `npm ci` has put them, and asks the registry for none that is there. It drops what is not needed.
 */
async function knownVersions(): Promise<string> {
  const { lockfileVersion, packages } = JSON.parse(
    await readFile(path.join(ROOT, 'package-lock.json'), 'utf8'),
  ) as { lockfileVersion: number; packages: Record<string, { link?: boolean }> };
  const known = Object.entries(packages).filter(
    ([place, { link }]) => place.startsWith('node_modules/') && !link,
  );
  return JSON.stringify({ lockfileVersion, packages: Object.fromEntries(known) });
}

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'parley-package-'));
  await node(['client/build-packages.ts'], ROOT);
  const workspaces = ['client/sdk', 'client/embed'].flatMap((name) => ['--workspace', name]);
  await run('npm', ['pack', ...workspaces, '--pack-destination', folder], ROOT);
  const tarballs = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  assert.equal(tarballs.length, 2, tarballs.join(', '));
  await writeFile(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 'product', private: true, type: 'module' }),
  );
  await writeFile(path.join(folder, 'package-lock.json'), await knownVersions());
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', [...install, ...tarballs.map((name) => `./${name}`)], folder);
});

after(() => rm(folder, { recursive: true, force: true }));

test('they hold what runs and what types it, and none of our sources', async () => {
  for (const name of ['sdk', 'embed']) {
    const root = path.join(folder, 'node_modules/@parley', name);
    const files = (await readdir(root, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
    const strange = files.filter(
      (file) => !/^(package\.json|README\.md|dist\/(LICENSE|.+\.(js|d\.ts)))$/.test(file),
    );
    assert.deepEqual(strange, []);
    for (const file of files.filter((one) => /\.(js|ts)$/.test(one))) {
      const text = await readFile(path.join(root, file), 'utf8');
      assert.doesNotMatch(text, /(from |import\(|URL\()['"][^'"]*(?<!\.d)\.ts['"]/, file);
    }
  }
});

test('the SDK exports what its page says, in Node.js too', async () => {
  const script = "console.log(JSON.stringify(Object.keys(await import('@parley/sdk'))))";
  const names = JSON.parse(await node(['--input-type=module', '--eval', script])) as string[];
  assert.deepEqual(names.sort(), [
    'ERROR_MESSAGES',
    'ParleyError',
    'checkNetwork',
    'joinCall',
    'preconnect',
    'preload',
    'prepareCall',
  ]);
});

test('every example of the documentation compiles against them', async () => {
  const examples = new Map([
    ...examplesIn(readDoc('sdk.md')),
    ...examplesIn(readDoc('embedding.md')),
  ]);
  assert.ok(examples.size >= 6, [...examples.keys()].join(', '));
  const source = path.join(folder, 'src');
  await mkdir(source, { recursive: true });
  for (const [name, text] of examples) await writeFile(path.join(source, name), text);
  const options = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext'];
  await node([
    TSC,
    ...options,
    '--lib',
    'es2024,dom,dom.iterable',
    '--types',
    '',
    ...[...examples.keys()].map((name) => `src/${name}`),
  ]);
});

test('the examples of the SDK run in a call', async (t) => {
  const server = await startServer(t);
  const media = pathToFileURL(path.join(ROOT, 'test/support/sdk/media.ts')).href;
  await writeFile(
    path.join(folder, 'src/run.ts'),
    `import assert from 'node:assert/strict';
    import { cameraTrack, microphoneTrack } from ${JSON.stringify(media)};
    const made = [microphoneTrack(), cameraTrack()];
    // The devices and the name of a browser.
    Object.defineProperty(globalThis, 'navigator', { value: {
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
      mediaDevices: { getUserMedia: async () => new MediaStream(made.map(({ track }) => track)) },
    } });
    const { join } = await import('./join.ts');
    const { whyNot } = await import('./errors.ts');
    const { show } = await import('./show.ts');
    const { steer } = await import('./steer.ts');
    const { watch } = await import('./watch.ts');
    const url = process.argv[2];
    const ann = await join({ url, room: 'blue', name: 'Ann' });
    assert.deepEqual(await watch(url, 'blue'), ['Ann', 'Counter']);
    const bo = await join({ url, room: 'blue', name: 'Bo' });
    const shown = new Map();
    const both = Promise.withResolvers();
    const end = show(bo, (id) => ({ set srcObject(stream) {
      shown.set(id, stream);
      if (shown.size === 2) both.resolve();
    } }));
    await both.promise;
    end();
    await steer(ann);
    ann.leave();
    bo.leave();
    assert.equal(ann.connection.state, 'ended');
    assert.match(await whyNot(url, 'A room that cannot be'), /^invalid_room: /);
    for (const track of made) track[Symbol.dispose]();
    console.log('the examples ran');
    process.exit(0);`,
  );
  const output = await node(['src/run.ts', server.url]);
  assert.match(output, /the examples ran/);
});

/** Bundles a module as an application would. @returns the code, and its compressed size in kilobytes */
async function bundle(name: string, code: string): Promise<{ code: string; kilobytes: number }> {
  const entry = path.join(folder, 'src', `${name}.js`);
  await mkdir(path.dirname(entry), { recursive: true });
  await writeFile(entry, code);
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: { input: entry, output: { codeSplitting: false } },
    },
  });
  assert.ok('output' in built);
  const chunks = built.output.flatMap((part) => (part.type === 'chunk' ? [part.code] : []));
  const text = chunks.join('');
  return { code: text, kilobytes: gzipSync(text).length / 1_000 };
}

test(`the SDK with all that it needs stays below ${SDK_LIMIT} kB`, async (t) => {
  const { kilobytes } = await bundle(
    'all',
    "import * as sdk from '@parley/sdk';\nglobalThis.sdk = { ...sdk };",
  );
  t.diagnostic(`all of it: ${kilobytes.toFixed(1)} kB`);
  assert.ok(kilobytes > 30 && kilobytes < SDK_LIMIT, `${kilobytes} kB`);
});

test('what is not used of the SDK is not bundled', async (t) => {
  const nothing = await bundle('nothing', "import '@parley/sdk';");
  assert.equal(nothing.code.trim(), '');
  const { code, kilobytes } = await bundle(
    'errors',
    "import { ParleyError } from '@parley/sdk';\nglobalThis.E = ParleyError;",
  );
  t.diagnostic(`the errors alone: ${kilobytes.toFixed(1)} kB`);
  assert.ok(kilobytes < ERRORS_LIMIT, `${kilobytes} kB`);
  assert.doesNotMatch(code, /RTCPeerConnection/);
});

test(`the element stays below ${EMBED_LIMIT} kB`, async (t) => {
  const { kilobytes } = await bundle(
    'element',
    "import { defineParleyCall } from '@parley/embed';\ndefineParleyCall();",
  );
  t.diagnostic(`the element: ${kilobytes.toFixed(1)} kB`);
  assert.ok(kilobytes < EMBED_LIMIT, `${kilobytes} kB`);
});

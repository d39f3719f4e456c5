// A libsrtp that cannot be built costs speed and one line, never the worker.
//
// The sources are scripts here; test/integration/native/worker-crypto.test.ts has the real ones.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  BUILD_PACKAGES,
  linkedModules,
  PKG_CONFIG_MODULES,
  SRTP_PACKAGE,
} from '../../../native/build/recipe.ts';
import { buildSrtp, distributionLine } from '../../../native/build/srtp.ts';
import { ProvisionError } from '../../../native/errors.ts';
import { fetchDebianSource } from '../../../native/host/debian-source.ts';
import { Reporter } from '../../../native/progress.ts';

const isDebian = existsSync('/usr/bin/dpkg-query');

let buildFolder: string;
let lines: string[];
let signal: AbortSignal | undefined;
const path = process.env.PATH;
beforeEach(async () => {
  buildFolder = await mkdtemp(join(tmpdir(), 'parley-srtp-'));
  lines = [];
  signal = undefined;
});
afterEach(async () => {
  process.env.PATH = path;
  await rm(buildFolder, { recursive: true });
});

const options = () => ({ buildFolder, reporter: new Reporter((line) => lines.push(line)), signal });

/** Instead of programs of the machine, scripts. */
async function withPrograms(scripts: Record<string, string>): Promise<void> {
  const folder = join(buildFolder, 'bin');
  await mkdir(folder);
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  process.env.PATH = `${folder}${delimiter}${path}`;
}

/** Sources that are configured and made by these scripts. */
const sources = (configure: string) => async (_: string, folder: string) => {
  const tree = join(folder, 'source');
  await mkdir(tree);
  await writeFile(join(tree, 'configure'), configure);
  return tree;
};

/** A compiler whose programs end as the file `exit` next to them says. */
const COMPILER = {
  'g++': [
    'while [ "$1" != -o ]; do shift; done',
    'echo "#!/bin/sh" > "$2"; echo "exit $(cat exit)" >> "$2"; chmod +x "$2"',
  ].join('\n'),
  'pkg-config': 'exit 0',
};

describe('where libsrtp comes from', { skip: process.platform === 'win32' }, () => {
  test('its own build, with OpenSSL asked for and without a word', async () => {
    await withPrograms({ ...COMPILER, make: 'cp asked "$1"' });
    const configure = 'echo "$@" > asked; echo 0 > ../exit';
    const archive = await buildSrtp(options(), sources(configure));
    assert.equal(archive, join(buildFolder, 'srtp', 'source', 'libsrtp2.a'));
    assert.match(await readFile(archive, 'utf8'), /^--enable-openssl CFLAGS=.*-fPIE/);
    assert.deepEqual(lines, []);
  });

  const failures: { name: string; fetch: typeof fetchDebianSource; reason: RegExp }[] = [
    {
      name: 'sources that cannot be had',
      fetch: async () => {
        throw new ProvisionError('the source package libsrtp2=1 cannot be had: no network');
      },
      reason: /libsrtp2=1 cannot be had: no network/,
    },
    {
      name: 'sources that cannot be read',
      fetch: async () => {
        throw new Error("EACCES: permission denied, open '/etc/apt/sources.list'");
      },
      reason: /EACCES/,
    },
    {
      name: 'a configure that fails',
      fetch: sources('echo "configure: error: OpenSSL is too old" >&2; exit 1'),
      reason: /exit code 1.*OpenSSL is too old/,
    },
    {
      name: 'a compiler that fails',
      fetch: sources('echo "exit 2" > made'),
      reason: /make failed \(exit code 2\)/,
    },
    {
      name: 'a library that fails its own tests',
      fetch: sources('echo 7 > ../exit; echo "exit 0" > made'),
      reason: /self-test failed \(exit code 7\)/,
    },
  ];
  for (const { name, fetch, reason } of failures) {
    test(`the distribution after ${name}, said in one line with the cost`, async () => {
      await withPrograms({ ...COMPILER, make: '. ./made' });
      assert.equal(await buildSrtp(options(), fetch), undefined);
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, /built on NSS: .* a fifth more processor time\.$/);
      assert.match(lines[0]!, reason);
      assert.doesNotMatch(lines[0]!, /\n/);
    });
  }

  test('an abort is no reason to go on without', async () => {
    const stop = new AbortController();
    signal = stop.signal;
    const reason = new Error('interrupted');
    const fetch = async () => {
      stop.abort(reason);
      throw reason;
    };
    await assert.rejects(buildSrtp(options(), fetch), (error) => error === reason);
    assert.deepEqual(lines, []);
  });
});

describe('fetchDebianSource', { skip: !isDebian }, () => {
  test('asks for the version that is installed, with a configuration of our own', async () => {
    await withPrograms({
      'apt-get': 'echo "$*" >> asked; test "$4" != source || : > x.dsc',
      'dpkg-source': 'mkdir "$3"',
    });
    const tree = await fetchDebianSource('base-files', buildFolder);
    assert.ok(existsSync(tree));
    const asked = await readFile(join(buildFolder, 'asked'), 'utf8');
    const config = `-q --config-file ${join(buildFolder, 'apt.conf')}`;
    assert.match(asked, new RegExp(`^${config} update\n${config} source .* base-files=\\S+\n$`));
  });

  test('says why apt has nothing', async () => {
    await withPrograms({
      'apt-get':
        'test "$4" != source || { echo "E: Unable to find a source package" >&2; exit 100; }',
    });
    await assert.rejects(fetchDebianSource('base-files', buildFolder), {
      name: 'ProvisionError',
      message: /^the source package base-files=\S+ cannot be had: Unable to find a source package$/,
    });
  });

  test('says that the package is not there', async () => {
    await assert.rejects(fetchDebianSource('parley-no-such-package', buildFolder), {
      name: 'ProvisionError',
      message: 'parley-no-such-package is not installed',
    });
  });
});

test('headers and sources are those of one package, which the build installs', () => {
  assert.ok(BUILD_PACKAGES.includes(SRTP_PACKAGE));
});

test('the distribution’s libsrtp is linked only where there is no other', () => {
  assert.deepEqual(linkedModules('distribution'), PKG_CONFIG_MODULES);
  const others = PKG_CONFIG_MODULES.filter((name) => name !== 'libsrtp2');
  assert.deepEqual(linkedModules('source'), others);
});

test('the line keeps the reason as it is', () => {
  assert.match(distributionLine('no $& network'), /\(no \$& network\)\. /);
});

// Missing Debian packages are installed when we may, else the command to run is told.
//
// dpkg-query is the real one; apt-get is a script that notes how it was called.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ensureDebianPackages, installedVersions } from '../../../native/host/debian.ts';

const isDebian = existsSync('/usr/bin/dpkg-query');
const isRoot = process.getuid?.() === 0;
const MISSING = 'parley-no-such-package';

let folder: string;
let lines: string[];
const path = process.env.PATH;
const options = { why: 'test this', log: (line: string) => lines.push(line) };

beforeEach(async () => {
  lines = [];
  folder = await mkdtemp(join(tmpdir(), 'parley-debian-'));
  process.env.PATH = `${folder}${delimiter}${path}`;
});
afterEach(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true });
});

/** Installs an apt-get that notes its arguments and then runs `script`. */
async function withApt(script: string): Promise<() => Promise<string[]>> {
  const notes = join(folder, 'notes');
  const text = `#!/bin/sh\necho "$*" >> ${notes}\n${script}\n`;
  await writeFile(join(folder, 'apt-get'), text, { mode: 0o755 });
  await writeFile(notes, '');
  return async () => (await readFile(notes, 'utf8')).trim().split('\n');
}

describe('on Debian', { skip: !isDebian }, () => {
  test('knows the versions of what is installed, and only of that', async () => {
    const versions = await installedVersions(['dpkg', MISSING]);
    assert.deepEqual([...versions.keys()], ['dpkg']);
    assert.match(versions.get('dpkg')!, /^\d/);
  });

  test('does nothing when everything is installed', async () => {
    await withApt('exit 1');
    await ensureDebianPackages(['dpkg', 'base-files'], options);
    assert.deepEqual(lines, []);
  });

  describe('as root', { skip: !isRoot }, () => {
    test('installs what is missing, without questions, waiting for dpkg’s lock', async () => {
      const notes = await withApt('test "$DEBIAN_FRONTEND" = noninteractive');
      await ensureDebianPackages(['dpkg', MISSING], options);
      assert.match(
        (await notes()).at(-1)!,
        new RegExp(`DPkg::Lock::Timeout=300 install --yes --no-install-recommends ${MISSING}$`),
      );
      assert.match(lines[0]!, new RegExp(`to test this: ${MISSING}`));
    });

    test('brings the package lists up to date and tries again when that fails', async () => {
      const notes = await withApt(`case "$*" in *install*) [ -e ${folder}/new ] ;;
        *update*) touch ${folder}/new ;; esac`);
      await ensureDebianPackages([MISSING], options);
      const verbs = (await notes()).map((line) => /install|update/.exec(line)?.[0]);
      assert.deepEqual(verbs.slice(-3), ['install', 'update', 'install']);
    });

    test('tells apt’s reason and the command when it cannot', async () => {
      await withApt('echo "E: Unable to locate package x" >&2; exit 100');
      await assert.rejects(ensureDebianPackages([MISSING], options), {
        name: 'ProvisionError',
        message: new RegExp(`Unable to locate package x.*apt-get install --yes .*${MISSING}`),
      });
    });

    test('waits while another apt holds the lists', async () => {
      const notes = await withApt(`[ -e ${folder}/freed ] && exit 0
        touch ${folder}/freed; echo "E: Could not get lock /var/lib/apt/lists/lock" >&2; exit 100`);
      await ensureDebianPackages([MISSING], options);
      const [refused, again] = await notes();
      assert.equal(again, refused);
    });
  });

  test('tells the exact command to who may not install', async () => {
    const { getuid } = process;
    Reflect.set(process, 'getuid', () => 1_000);
    try {
      await assert.rejects(ensureDebianPackages([MISSING], options), {
        name: 'ProvisionError',
        message:
          `${MISSING} is needed to test this: ` +
          `run "sudo apt-get install --yes --no-install-recommends ${MISSING}"`,
      });
    } finally {
      Reflect.set(process, 'getuid', getuid);
    }
  });
});

test('elsewhere says that this is not Debian', async () => {
  process.env.PATH = folder;
  await assert.rejects(ensureDebianPackages(['a', 'b'], options), {
    name: 'ProvisionError',
    message: 'a, b cannot be looked for, because this is neither Debian nor Ubuntu',
  });
});

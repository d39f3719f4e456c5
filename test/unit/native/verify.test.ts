// What is no worker is recognised by running it, and the reason names what was seen.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { verifyWorker } from '../../../native/verify/verify.ts';

const PROVISION = fileURLToPath(new URL('../../../native/provision.ts', import.meta.url));

describe('verifyWorker', { skip: process.platform === 'win32' }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-verify-'));
  });
  after(() => rm(folder, { recursive: true }));

  const cases = [
    { name: 'a path with nothing there', message: /cannot be started: .*ENOENT/ },
    {
      name: 'a file that may not be run',
      content: '#!/bin/sh\nexit 41',
      mode: 0o644,
      message: /cannot be started: .*EACCES/,
    },
    {
      name: 'a program for another C library, with the linker’s message',
      content: '#!/bin/sh\necho "$0: version \'GLIBC_2.38\' not found" >&2\nexit 1',
      message: /does not run here: exit code 1: .*GLIBC_2\.38/,
    },
    {
      name: 'a program that does something else',
      content: '#!/bin/sh\nexit 0',
      message: /does not run here: exit code 0/,
    },
    {
      name: 'a program that crashes',
      content: '#!/bin/sh\nkill -SEGV $$',
      message: /does not run here: SIGSEGV/,
    },
    {
      name: 'a program that only looks like a worker',
      content: '#!/bin/sh\nexit 41',
      message: /mediasoup cannot work with it: .*code:41/,
    },
  ];
  for (const [index, { name, content, mode = 0o755, message }] of cases.entries()) {
    test(`refuses ${name}`, async () => {
      const path = join(folder, String(index));
      if (content !== undefined) await writeFile(path, content, { mode });
      await assert.rejects(verifyWorker(path), { name: 'ProvisionError', message });
    });
  }
});

describe('the command', () => {
  const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [PROVISION, ...args], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });

  test('ends with 1 and one sentence on stderr for a bad MEDIASOUP_WORKER_BIN', () => {
    const { status, stdout, stderr } = run(['--print'], { MEDIASOUP_WORKER_BIN: '/no/such' });
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^MEDIASOUP_WORKER_BIN is \/no\/such, but .*ENOENT: correct or unset it\.\n$/,
    );
  });

  test('ends with 2 and its usage for an argument it does not know', () => {
    const { status, stderr } = run(['--prnt']);
    assert.equal(status, 2);
    assert.match(stderr, /^Usage: /);
  });
});

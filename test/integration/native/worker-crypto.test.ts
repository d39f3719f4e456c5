// Which cryptography a worker that was built here has: OpenSSL alone, unless libsrtp's sources cannot be had.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { provisionWorker } from '../../../native/provision.ts';
import { workerOrigin } from '../../support/process/worker-origin.ts';

/** Mozilla's NSS, its runtime, and the libsrtp2 that Debian builds on them. */
const DISTRIBUTION_SRTP = /\b(libsrtp2|libnss3|libnspr4)\.so/;

test('the worker links the cryptography that its name in the cache says', async (t) => {
  const { path } = await provisionWorker({ log: () => {} });
  const origin = await workerOrigin(path);
  if (origin === undefined) return t.skip('the worker was not built here');
  const libraries = execFileSync('ldd', [path], { encoding: 'utf8' });
  assert.match(libraries, /\blibcrypto\.so/);
  if (origin === 'source') assert.doesNotMatch(libraries, DISTRIBUTION_SRTP);
  else assert.match(libraries, /\blibsrtp2\.so/);
  t.diagnostic(`libsrtp: ${origin}`);
});

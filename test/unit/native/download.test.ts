// mediasoup’s prebuilt worker: its name, and a download that is whole or fails in good time.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extractFile } from '../../../native/archive.ts';
import { binaryName } from '../../../native/cache.ts';
import { downloadPrebuilt, prebuiltName, prebuiltUrl } from '../../../native/download.ts';

/** Enough to arrive in several pieces. */
const BINARY = randomBytes(300_000);
const LIMIT = 1_000_000;

let folder: string;
let archive: Buffer;
let destination: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-download-'));
  destination = join(folder, 'out');
  await writeFile(join(folder, binaryName()), BINARY);
  await writeFile(join(folder, 'other'), 'other');
  archive = tar('ustar', binaryName());
});
after(() => rm(folder, { recursive: true }));

function tar(format: string, ...names: string[]): Buffer {
  const result = spawnSync('tar', ['-czf', '-', `--format=${format}`, '-C', folder, ...names]);
  assert.equal(result.status, 0, String(result.stderr));
  return result.stdout;
}

/** Calls `use` with the address of a server that answers with `listener`. */
async function serving(listener: RequestListener, use: (url: string) => Promise<void>) {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/worker.tgz`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function refused(listener: RequestListener, message: RegExp, options = {}) {
  await rm(destination, { force: true });
  await serving(listener, async (url) => {
    await assert.rejects(downloadPrebuilt(url, destination, options), {
      name: 'ProvisionError',
      message,
    });
  });
  assert.equal(existsSync(destination), false);
}

describe('the address', () => {
  const cases = [
    ['linux', 'x64', '6.1.0-13-amd64', 'mediasoup-worker-3.27.1-linux-x64-kernel6.tgz'],
    ['linux', 'arm64', '5.15.0', 'mediasoup-worker-3.27.1-linux-arm64-kernel5.tgz'],
    ['darwin', 'arm64', '24.1.0', 'mediasoup-worker-3.27.1-darwin-arm64.tgz'],
    ['win32', 'x64', '10.0.22631', 'mediasoup-worker-3.27.1-win32-x64.tgz'],
  ] as const;
  for (const [platform, arch, release, expected] of cases) {
    test(`ends in ${expected}`, () => {
      assert.equal(prebuiltName({ version: '3.27.1', platform, arch, release }), expected);
    });
  }

  const target = { version: '3.27.1', platform: 'linux', arch: 'x64', release: '6.1' } as const;
  const repository = 'git+https://code.example/versatica/mediasoup.git';
  const name = 'mediasoup-worker-3.27.1-linux-x64-kernel6.tgz';

  test('is below the package’s repository', () => {
    assert.equal(
      prebuiltUrl({}, repository, target),
      `https://code.example/versatica/mediasoup/releases/download/3.27.1/${name}`,
    );
  });

  test('is below mediasoup’s own variable when that is set', () => {
    const env = { MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: 'https://mirror.example/ms/' };
    assert.equal(prebuiltUrl(env, repository, target), `https://mirror.example/ms/3.27.1/${name}`);
  });
});

describe('extractFile', () => {
  for (const format of ['ustar', 'pax', 'gnu']) {
    test(`finds the file in a ${format} archive, after others`, () => {
      const file = extractFile(tar(format, 'other', `./${binaryName()}`), binaryName(), LIMIT);
      assert.ok(file.equals(BINARY));
    });
  }

  const refusals = [
    { name: 'an archive without the file', make: () => tar('ustar', 'other'), message: /no file/ },
    { name: 'what is not gzip', make: () => Buffer.from('<html>'), message: /header check/ },
    {
      name: 'a gzip stream cut short',
      make: () => archive.subarray(0, archive.length - 20),
      message: /unexpected end/,
    },
    {
      name: 'a gzip stream with a wrong CRC',
      make: () => withByteFlipped(archive, archive.length - 8),
      message: /data check/,
    },
    {
      name: 'a damaged tar header',
      make: () => gzipSync(withByteFlipped(gunzipSync(archive), 3)),
      message: /tar header is damaged/,
    },
    {
      name: 'a tar archive cut short',
      make: () => gzipSync(gunzipSync(archive).subarray(0, 100_000)),
      message: /cut short/,
    },
    {
      name: 'an archive that unpacks to more than a worker can be',
      make: () => gzipSync(Buffer.alloc(LIMIT * 2)),
      message: /larger than/,
    },
  ];
  for (const { name, make, message } of refusals) {
    test(`refuses ${name}`, () => {
      assert.throws(() => extractFile(make(), binaryName(), LIMIT), { message });
    });
  }
});

function withByteFlipped(bytes: Buffer, index: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[index] = ~copy[index]! & 0xff;
  return copy;
}

describe('downloadPrebuilt', () => {
  test('writes the binary out of a good archive', async () => {
    await serving(
      (_request, response) => response.end(archive),
      (url) => downloadPrebuilt(url, destination),
    );
    assert.ok((await readFile(destination)).equals(BINARY));
  });

  test('follows a redirect, as release pages answer with', async () => {
    await serving(
      (request, response) => {
        if (request.url === '/moved') response.end(archive);
        else response.writeHead(302, { location: '/moved' }).end();
      },
      (url) => downloadPrebuilt(url, destination),
    );
    assert.ok((await readFile(destination)).equals(BINARY));
  });

  test('says so when there is none for this platform', () =>
    refused((_request, response) => response.writeHead(404).end(), /worker\.tgz failed: .*404/));

  test('refuses an archive that is damaged', () =>
    refused((_request, response) => response.end(archive.subarray(0, 5_000)), /unexpected end/));

  test('refuses a body that ends before its length', () =>
    refused((_request, response) => {
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, 5_000), () => response.destroy());
    }, /worker\.tgz failed/));

  test('refuses what does not match the checksum in the answer', () =>
    refused((_request, response) => {
      response.writeHead(200, { 'content-md5': Buffer.alloc(16).toString('base64') });
      response.end(archive);
    }, /does not match the checksum/));

  test('gives up on a server that accepts and never answers', () =>
    refused(() => {}, /no answer within 0\.2 s/, { connectTimeoutMs: 200 }));

  test('gives up on a body that stands still', () =>
    refused(
      (_request, response) => response.writeHead(200).write(archive.subarray(0, 5_000)),
      /nothing arrived for 0\.2 s/,
      { stallTimeoutMs: 200 },
    ));

  test('says that nobody listens', async () => {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(downloadPrebuilt(`http://127.0.0.1:${port}/x.tgz`, destination), {
      name: 'ProvisionError',
      message: /fetch failed: .*ECONNREFUSED/,
    });
  });

  test('ends at once with the reason when it is aborted', async () => {
    const stop = new AbortController();
    const reason = new Error('interrupted');
    await serving(
      () => stop.abort(reason),
      (url) =>
        assert.rejects(
          downloadPrebuilt(url, destination, { signal: stop.signal }),
          (error) => error === reason,
        ),
    );
  });
});

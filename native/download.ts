// Fetches mediasoup's official prebuilt worker for this version and platform.

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { extractFile } from './archive.ts';
import { binaryName } from './cache.ts';
import { ProvisionError, reasonOf } from './errors.ts';

/** Name resolution, TCP, TLS and redirects together. Behind a firewall nothing answers at all. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** A slow download may go on. One that stands still for this long is aborted. */
export const STALL_TIMEOUT_MS = 30_000;
/** The archives of 3.27 are below 20 MB; these bounds keep a wrong server from filling memory. */
const MAX_ARCHIVE_BYTES = 128 * 1024 * 1024;
const MAX_BINARY_BYTES = 512 * 1024 * 1024;

export interface PrebuiltTarget {
  version: string;
  platform: NodeJS.Platform;
  arch: string;
  /** os.release() */
  release: string;
}

/** The archive's name, as the package's own `npm-scripts.mjs` makes it. */
export function prebuiltName({ version, platform, arch, release }: PrebuiltTarget): string {
  const kernel = platform === 'linux' ? `-kernel${Number(release.split('.')[0])}` : '';
  return `mediasoup-worker-${version}-${platform}-${arch}${kernel}.tgz`;
}

/** `repositoryUrl` as in mediasoup's package.json; the variable names another place to look. */
export function prebuiltUrl(
  env: NodeJS.ProcessEnv,
  repositoryUrl: string,
  target: PrebuiltTarget,
): string {
  const base =
    env.MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL ||
    `${repositoryUrl.replace(/^git\+/, '').replace(/\.git$/, '')}/releases/download`;
  return `${base.replace(/\/+$/, '')}/${target.version}/${prebuiltName(target)}`;
}

export interface DownloadOptions {
  connectTimeoutMs?: number;
  stallTimeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/** Writes the worker out of the archive at `url` to `destination`. Throws ProvisionError. */
export async function downloadPrebuilt(
  url: string,
  destination: string,
  options: DownloadOptions = {},
): Promise<void> {
  try {
    const archive = await fetchArchive(url, options);
    await writeFile(destination, extractFile(archive, binaryName(), MAX_BINARY_BYTES));
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new ProvisionError(`downloading ${url} failed: ${reasonOf(error)}`);
  }
}

async function fetchArchive(url: string, options: DownloadOptions): Promise<Buffer> {
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS, stallTimeoutMs = STALL_TIMEOUT_MS } = options;
  const patience = new Patience();
  const signals = [patience.signal, options.signal].filter((signal) => signal !== undefined);
  try {
    patience.expect(connectTimeoutMs, `no answer within ${connectTimeoutMs / 1000} s`);
    const response = await fetch(url, { signal: AbortSignal.any(signals) });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    }
    if (new URL(url).protocol === 'https:' && new URL(response.url).protocol !== 'https:') {
      throw new Error(`it leads to ${response.url}, which is not encrypted`);
    }
    const chunks: Uint8Array[] = [];
    let received = 0;
    const stalled = `nothing arrived for ${stallTimeoutMs / 1000} s`;
    patience.expect(stallTimeoutMs, stalled);
    for await (const chunk of response.body) {
      patience.expect(stallTimeoutMs, stalled);
      chunks.push(chunk);
      received += chunk.byteLength;
      if (received > MAX_ARCHIVE_BYTES) throw new Error('it is larger than any worker');
    }
    const archive = Buffer.concat(chunks);
    checkAgainstHeaders(archive, response.headers);
    return archive;
  } finally {
    patience.end();
  }
}

/** Aborts its signal when what is expected next takes longer than it may. */
class Patience {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  expect(withinMs: number, otherwise: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(new Error(otherwise)), withinMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** No checksum is published for the archives; gzip's CRC and running the worker do the rest. */
function checkAgainstHeaders(archive: Buffer, headers: Headers): void {
  const length = headers.get('content-length');
  if (length && !headers.get('content-encoding') && Number(length) !== archive.length) {
    throw new Error(`${archive.length} of ${length} bytes arrived`);
  }
  const md5 = headers.get('content-md5');
  if (md5 && md5 !== createHash('md5').update(archive).digest('base64')) {
    throw new Error('what arrived does not match the checksum the server gave');
  }
}

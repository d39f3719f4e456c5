// A self-signed certificate for trying Parley on a LAN, where browsers give no camera without TLS.

import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';

const VALID_DAYS = 365;
const DAY_MS = 86_400_000;

export interface TlsPair {
  key: string;
  cert: string;
}

/**
 * The certificate in `folder` while it fits these hosts, else a new one: a browser
 * that accepted it once does not ask again after a restart.
 *
 * @param hosts IP addresses and hostnames it must be good for
 */
export async function selfSignedCertificate(
  hosts: readonly string[],
  folder: string,
): Promise<TlsPair> {
  const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
  const cached = await readPair(files).catch(() => undefined);
  if (cached && fits(cached.cert, hosts)) return cached;
  const fresh = await create(hosts);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(files.key, fresh.key, { mode: 0o600 });
  await writeFile(files.cert, fresh.cert);
  return fresh;
}

async function readPair(files: TlsPair): Promise<TlsPair> {
  return { key: await readFile(files.key, 'utf8'), cert: await readFile(files.cert, 'utf8') };
}

function fits(pem: string, hosts: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  const expiresIn = Date.parse(certificate.validTo) - Date.now();
  return (
    expiresIn > DAY_MS &&
    hosts.every((host) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)))
  );
}

async function create(hosts: readonly string[]): Promise<TlsPair> {
  const altNames = hosts.map((host) =>
    isIP(host) ? { type: 7 as const, ip: host } : { type: 2 as const, value: host },
  );
  const pair = await generate([{ name: 'commonName', value: 'Parley (self-signed)' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    curve: 'P-256',
    notAfterDate: new Date(Date.now() + VALID_DAYS * DAY_MS),
    extensions: [{ name: 'subjectAltName', altNames }],
  });
  return { key: pair.private, cert: pair.cert };
}

// `npm start -- --https`: the certificate that is made for a machine's addresses.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { selfSignedCertificate } from '../../../server/entries/local/tls.ts';

const HOSTS = ['localhost', '127.0.0.1', '192.0.2.7', 'fd00::2'];

async function folder(t: { after(fn: () => Promise<void>): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'parley-tls-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test('the certificate is good for every address, IPv4, IPv6 and name', async (t) => {
  const { cert } = await selfSignedCertificate(HOSTS, await folder(t));
  const certificate = new X509Certificate(cert);
  assert.ok(certificate.checkHost('localhost'));
  for (const ip of HOSTS.slice(1)) assert.ok(certificate.checkIP(ip), ip);
});

test('a second start has the same certificate, so that browsers do not warn again', async (t) => {
  const cache = await folder(t);
  const first = await selfSignedCertificate(HOSTS, cache);
  assert.deepEqual(await selfSignedCertificate(HOSTS, cache), first);
});

test('a machine with a new address gets a new certificate', async (t) => {
  const cache = await folder(t);
  await selfSignedCertificate(HOSTS, cache);
  const { cert } = await selfSignedCertificate([...HOSTS, '198.51.100.1'], cache);
  assert.ok(new X509Certificate(cert).checkIP('198.51.100.1'));
});

// `npm start`: everything in one process, no configuration needed.

import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureClient } from '../../client/build.ts';
import { workerCacheFolder } from '../../native/cache.ts';
import { provisionWorker } from '../../native/provision.ts';
import { type Config, loadConfig } from '../config/config.ts';
import { listenAddresses } from '../sfu/workers/addresses.ts';
import { createLogger } from '../telemetry/log.ts';
import { type AllInOne, startAllInOne } from './compose.ts';
import { signingSecret } from './local/signing-secret.ts';
import { selfSignedCertificate } from './local/tls.ts';
import { closeOnSignals, failToStart, isOpen, warnOfAccess } from './process.ts';

try {
  const { values: flags } = parseArgs({ options: { https: { type: 'boolean', default: false } } });
  const config = loadConfig(process.env);
  const log = createLogger(config.telemetry.logLevel);
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  const lan = listenAddresses(config.media, networkInterfaces());
  const folder = join(workerCacheFolder(process.env), '..');
  const [worker, client, tls, secret] = await Promise.all([
    provisionWorker({ env: process.env }),
    ensureClient({ log: progress }),
    flags.https
      ? selfSignedCertificate(['localhost', '127.0.0.1', '::1', ...lan], join(folder, 'tls'))
      : undefined,
    // Other roles have it in the store; with API keys it is made from them.
    config.access.authToken !== undefined && config.access.apiKeys === undefined
      ? signingSecret(join(folder, 'keys', 'room-tokens')).catch((err) => {
          log.warn(
            { err },
            'room tokens end with this process, as their key cannot be kept in a file: set API_KEYS',
          );
          return undefined;
        })
      : undefined,
  ]);
  const parley = await startAllInOne({
    config,
    workerBin: worker.path,
    clientDir: client.dir,
    log,
    signingSecret: secret,
    ...(tls && { tls }),
  });
  // The banner below shows open rooms.
  if (!isOpen(config.access)) warnOfAccess(config.access, log);
  closeOnSignals(parley, { timeoutMs: config.timing.shutdownMs, log });
  process.stdout.write(banner(parley, config, lan));
} catch (error) {
  failToStart(error, process.env);
}

/** Printed when Parley has started. */
function banner(parley: AllInOne, config: Config, lan: readonly string[]): string {
  const { media, turn, metricsUrl, url } = parley;
  const secure = url.startsWith('https:');
  const candidates = [...media.announced, ...media.listen].map((address) =>
    address.includes(':') ? `[${address}]` : address,
  );
  const protocols = config.media.protocols.map((name) => name.toUpperCase()).join(' and ');
  const outside = lan.filter((address) => !address.startsWith('127.') && address !== '::1');
  const ipv4 = outside.filter(isIPv4);
  const onLan = (ipv4.length > 0 ? ipv4 : outside).map((address) =>
    url.replace('localhost', isIPv4(address) ? address : `[${address}]`),
  );
  const lines = [
    ['Media', `${protocols} ${media.ports.join(', ')} on ${candidates.join(', ')}`],
    ['TURN', turn === 'none' ? 'none: people behind strict firewalls will not get through' : turn],
    [
      'Access',
      !isOpen(config.access)
        ? 'a room token is needed (POST /api/rooms/<room>/tokens)'
        : 'OPEN: anybody who reaches this address may join any room; set AUTH_TOKEN to change that',
    ],
    ['Metrics', metricsUrl ?? 'off: port 9464 is taken; set METRICS_PORT'],
    ...(secure && onLan.length > 0 ? [['LAN', onLan.join('  ')]] : []),
    ...(secure
      ? [['Notice', 'the certificate is self-signed: browsers warn once; it is for trying only']]
      : [
          [
            'LAN',
            'browsers give no camera on plain http except on localhost: npm start -- --https',
          ],
        ]),
    ...(media.announced.length === 0
      ? [['Outside', 'set ANNOUNCED_ADDRESS to the public address, TURN_* for relays; see docs/']]
      : []),
  ];
  const text = lines.map(([name = '', value]) => `  ${name.padEnd(9)}${value}`).join('\n');
  return `Parley is ready: ${url}\n${text}\n`;
}

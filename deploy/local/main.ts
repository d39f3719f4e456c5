// `npm run cluster`: two `web`, three `sfu-rtc` and a `worker` on this machine, to see what a cluster does.
import { parseArgs } from 'node:util';
import { ensureClient } from '../../client/build.ts';
import { ensureDebianPackages } from '../../native/host/debian.ts';
import { watchNpm } from '../../native/host/npm-parent.ts';
import { provisionWorker } from '../../native/provision.ts';
import { LocalCluster } from './cluster.ts';

const { values: flags } = parseArgs({
  options: {
    web: { type: 'string', default: '2' },
    sfu: { type: 'string', default: '3' },
    worker: { type: 'string', default: '1' },
    port: { type: 'string', default: '3000' },
    verbose: { type: 'boolean', default: false },
  },
});
const print = (line: string) => void process.stderr.write(`${line}\n`);

try {
  await ensureDebianPackages(['redis-server'], { why: 'run a cluster here', log: print });
  await Promise.all([ensureClient({ log: print }), provisionWorker({ env: process.env })]);
  const cluster = await LocalCluster.start({
    port: Number(flags.port),
    inherit: process.env,
    env: { LOG_LEVEL: flags.verbose ? 'info' : 'warn' },
    onLine: (line, child) => {
      const worthPrinting = flags.verbose || /"level":(4|5|6)\d/.test(line);
      if (child.name !== 'redis' && worthPrinting) print(`${child.name} ${line}`);
    },
    onExit: (name, how) => print(`${name} ended: ${how}`),
  });
  const stop = () => {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    print('Ending the cluster …');
    cluster.close().then(
      () => process.exit(0),
      (error) => {
        print(String(error));
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  await watchNpm(process.env, stop);
  print('Starting Redis, web, sfu-rtc and worker …');
  await Promise.all([
    ...Array.from({ length: Number(flags.sfu) }, () => cluster.addSfu()),
    ...Array.from({ length: Number(flags.web) }, () => cluster.addWeb()),
    ...Array.from({ length: Number(flags.worker) }, () => cluster.addWorker()),
  ]);
  const rows = cluster.members.map(
    ({ role, child, address }) =>
      `  ${role.padEnd(8)} pid ${String(child.pid).padEnd(8)} ${address}`,
  );
  process.stdout.write(
    `${rows.join('\n')}\nParley is ready: ${cluster.url}\n  Kill any of them and watch a call go on; Ctrl-C ends them all.\n`,
  );
} catch (error) {
  print(`The cluster cannot start. ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

// Whether the ports that Parley needs can be opened, or are those of a Parley that runs already.
import { createSocket } from 'node:dgram';
import { createServer, isIPv6 } from 'node:net';
import type { Config } from '../../config/config.ts';
import { listenHost } from '../../telemetry/listen-host.ts';
import { failed, ok, skipped, type Verdict, warning } from '../finding.ts';
import { holderOf } from './port-holder.ts';

export interface Listen {
  protocol: 'udp' | 'tcp';
  address: string;
  port: number;
}

export interface PortsCheck {
  verdict: Verdict;
  /** They can be opened. */
  free: boolean;
  /** A Parley that runs has them, or so it seems. */
  running: boolean;
}

/** How many ports of a range of pipe ports are tried. All of a large range would take too long. */
const PIPE_PORTS_TRIED = 32;

/** The error that kept it from being opened. */
type Obstacle = { on: Listen; code: string };

/** @param count ports in a row, from MEDIA_PORT */
export async function checkMediaPorts(
  { port, protocols }: Pick<Config['media'], 'port' | 'protocols'>,
  addresses: readonly string[],
  count: number,
): Promise<PortsCheck> {
  if (port === undefined || port === 0) {
    const verdict = ok(
      'MEDIA_PORT is not set: each start takes free ports, from 40000 on, and a firewall has to be open for them.',
    );
    return { verdict, free: true, running: false };
  }
  const wanted = addresses.flatMap((address) =>
    protocols.flatMap((protocol) =>
      Array.from({ length: count }, (_, n) => ({ protocol, address, port: port + n })),
    ),
  );
  const obstacles = await obstaclesTo(wanted);
  const last = port + count - 1;
  const names = `${protocols.map((name) => name.toUpperCase()).join(' and ')} ${count > 1 ? `${port} to ${last}` : port}`;
  const [first] = obstacles;
  if (!first) return { verdict: ok(`${names} can be opened.`), free: true, running: false };
  return explain(first, 'MEDIA_PORT', names);
}

export async function checkHttpPort({ host, port }: Config['http']): Promise<PortsCheck> {
  if (port === 0) {
    return { verdict: skipped('PORT is 0: any free port will do.'), free: true, running: false };
  }
  return checkTcpPort({ protocol: 'tcp', address: await listenHost(host), port }, 'PORT');
}

/** @returns undefined where METRICS_PORT asks for none: the default one may be taken. */
export async function checkMetricsPort({
  http: { host },
  telemetry: { metricsPort: port },
}: Pick<Config, 'http' | 'telemetry'>): Promise<PortsCheck | undefined> {
  if (port === undefined || port === 0) return undefined;
  return checkTcpPort({ protocol: 'tcp', address: await listenHost(host), port }, 'METRICS_PORT');
}

async function checkTcpPort(on: Listen, setting: string): Promise<PortsCheck> {
  const name = `TCP ${on.port}`;
  const [obstacle] = await obstaclesTo([on]);
  if (!obstacle) return { verdict: ok(`${name} can be opened.`), free: true, running: false };
  return explain(obstacle, setting, name);
}

export async function checkPipePorts(
  { pipePorts, pipeAddress }: Pick<Config['cluster'], 'pipePorts' | 'pipeAddress'>,
  address: string,
): Promise<Verdict> {
  if (!pipePorts) return skipped('PIPE_PORTS is not set: pipes take any free port.');
  const { min, max } = pipePorts;
  const step = Math.max(1, Math.floor((max - min + 1) / PIPE_PORTS_TRIED));
  const ports: number[] = [];
  for (let port = min; port <= max; port += step) ports.push(port);
  const on = pipeAddress ?? address;
  const tried = ports.map((port) => ({ protocol: 'udp' as const, address: on, port }));
  const obstacles = await obstaclesTo(tried);
  const elsewhere = obstacles.find(({ code }) => code !== 'EADDRINUSE');
  if (elsewhere) {
    return (await explain(elsewhere, 'PIPE_LISTEN_ADDRESS', `UDP ${min} to ${max}`)).verdict;
  }
  const free = tried.length - obstacles.length;
  const detail = `${free} of ${tried.length} ports tried in ${min} to ${max} are free on ${on}.`;
  if (free * 2 >= tried.length) return ok(detail);
  return warning('port_in_use', detail, 'Choose a larger range for PIPE_PORTS, or another one.');
}

async function explain(
  { on, code }: Obstacle,
  setting: string,
  names: string,
): Promise<PortsCheck> {
  const where = `${on.protocol.toUpperCase()} ${on.port} on ${on.address}`;
  if (code === 'EADDRINUSE') return explainUse(on, where, setting, names);
  const taken = { free: false, running: false };
  if (code === 'EADDRNOTAVAIL') {
    const verdict = failed(
      'address_not_ours',
      `${on.address} is not an address of this machine.`,
      'Correct MEDIA_LISTEN_ADDRESSES, HOST or PIPE_LISTEN_ADDRESS; a public address that NAT leads here belongs into ANNOUNCED_ADDRESS.',
    );
    return { verdict, ...taken };
  }
  if (code === 'EACCES') {
    const remedy = `Ports below 1024 are for root: choose another one for ${setting}.`;
    return { verdict: failed('port_denied', `${where} may not be opened.`, remedy), ...taken };
  }
  const remedy = `Choose another port for ${setting}.`;
  return { verdict: failed('port', `${where} cannot be opened (${code}).`, remedy), ...taken };
}

async function explainUse(
  on: Listen,
  where: string,
  setting: string,
  names: string,
): Promise<PortsCheck> {
  const holder = await holderOf(on.protocol, on.port);
  if (holder?.isParley) {
    const detail = `${names}: in use by a Parley that runs here (process ${holder.pid}).`;
    return { verdict: ok(detail), free: false, running: true };
  }
  const remedy = `End it, or choose another port for ${setting}.`;
  if (!holder) {
    const detail = `${where} is in use, by whom cannot be seen; a Parley that runs, perhaps.`;
    return { verdict: warning('port_in_use', detail, remedy), free: false, running: true };
  }
  const detail = `${where} is in use by ${holder.name} (process ${holder.pid}).`;
  return { verdict: failed('port_in_use', detail, remedy), free: false, running: false };
}

async function obstaclesTo(wanted: readonly Listen[]): Promise<Obstacle[]> {
  const codes = await Promise.all(wanted.map(async (on) => ({ on, code: await tryToOpen(on) })));
  return codes.flatMap(({ on, code }) => (code === undefined ? [] : [{ on, code }]));
}

/** @returns why it cannot be opened */
function tryToOpen({ protocol, address, port }: Listen): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const onError = (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message);
  if (protocol === 'udp') {
    const socket = isIPv6(address)
      ? createSocket({ type: 'udp6', ipv6Only: true })
      : createSocket('udp4');
    socket.once('error', (error) => {
      socket.close();
      onError(error);
    });
    socket.bind({ port, address, exclusive: true }, () => socket.close(() => resolve(undefined)));
  } else {
    const server = createServer();
    server.once('error', onError);
    server.listen({ port, host: address, exclusive: true }, () => {
      server.close(() => resolve(undefined));
    });
  }
  return promise;
}

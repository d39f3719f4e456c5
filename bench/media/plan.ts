// The command line of `bench:media` → a plan. Nothing is bent to fit. Pure.
import { parseArgs } from 'node:util';
import { isOfThisMachine, type Machine } from '../../client/load/this-machine.ts';
import { CONTENDERS, type ContenderName } from './contender.ts';

export interface PeerPlan {
  whip: URL;
  whep: URL;
  token: string | undefined;
  pids: readonly number[];
  /** The caller says that a server elsewhere is theirs. */
  isOwn: boolean;
}

export interface Plan {
  contenders: readonly ContenderName[];
  receivers: number;
  packetsPerSecond: number;
  /** The size of a packet's payload. */
  bytes: number;
  rounds: number;
  seconds: number;
  nssWorker: string | undefined;
  peer: PeerPlan | undefined;
  /** A folder for CPU profiles of `sfu-rtc`. */
  profile: string | undefined;
}

export interface PlanInput {
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  machine: Machine;
}

const RANGES = {
  receivers: { from: 1, to: 1_000 },
  rate: { from: 1, to: 5_000 },
  // From the smallest packet with a stamp to the largest that crosses every network.
  bytes: { from: 28, to: 1_150 },
  rounds: { from: 1, to: 100 },
  seconds: { from: 1, to: 600 },
} as const;

/** @throws Error with a sentence that says what is wrong */
export function readPlan({ args, env, machine }: PlanInput): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      receivers: { type: 'string', default: '100' },
      rate: { type: 'string', default: '200' },
      bytes: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '10' },
      'nss-worker': { type: 'string' },
      'whip-path': { type: 'string', default: 'whip' },
      'whep-path': { type: 'string', default: 'whep' },
      'i-own-this-server': { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const number = (name: keyof typeof RANGES) => {
    const { from, to } = RANGES[name];
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= from && value <= to) return value;
    throw new Error(`--${name} is a whole number from ${from} to ${to}.`);
  };
  const nssWorker = values['nss-worker'];
  const peer = readPeer(env, values, machine);
  const possible = CONTENDERS.filter(
    (name) => (name !== 'nss' || nssWorker !== undefined) && (name !== 'peer' || peer),
  );
  return {
    contenders: readOnly(values.only, possible),
    receivers: number('receivers'),
    packetsPerSecond: number('rate'),
    bytes: number('bytes'),
    rounds: number('rounds'),
    seconds: number('seconds'),
    nssWorker,
    peer,
    profile: values.profile,
  };
}

function readOnly(only: string | undefined, possible: ContenderName[]): ContenderName[] {
  if (only === undefined) return possible;
  const names = only.split(',');
  const unknown = names.find((name) => !possible.some((each) => each === name));
  if (unknown !== undefined) {
    throw new Error(
      `--only names "${unknown}"; there are ${possible.join(', ')}. nss needs --nss-worker, peer needs PEER_URL.`,
    );
  }
  return possible.filter((name) => names.includes(name));
}

function readPeer(
  env: PlanInput['env'],
  values: { 'whip-path': string; 'whep-path': string; 'i-own-this-server': boolean },
  machine: Machine,
): PeerPlan | undefined {
  const { PEER_URL, PEER_PID, PEER_TOKEN } = env;
  if (PEER_URL === undefined || PEER_URL === '') return undefined;
  const base = URL.canParse(PEER_URL) ? new URL(PEER_URL) : undefined;
  if (!base || !/^https?:$/.test(base.protocol)) {
    throw new Error('PEER_URL is an http or https address.');
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const isOwn = values['i-own-this-server'];
  const [whip, whep] = [new URL(values['whip-path'], base), new URL(values['whep-path'], base)];
  const elsewhere = [whip, whep].find(({ hostname }) => !isOfThisMachine(hostname, machine));
  if (elsewhere && !isOwn) {
    throw new Error(
      `${elsewhere.hostname} is not this machine. If the server is yours, say so with --i-own-this-server.`,
    );
  }
  const pids = (PEER_PID ?? '').split(',').filter((text) => text.trim() !== '');
  if (pids.some((pid) => !/^\s*[1-9]\d*\s*$/.test(pid))) {
    throw new Error('PEER_PID is the number of a process on this machine, or several with commas.');
  }
  return { whip, whep, token: PEER_TOKEN, pids: pids.map(Number), isOwn };
}

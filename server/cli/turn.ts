// `parley turn …`: the TURN pool, read and changed through the admin API of a running Parley.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { TurnOverview, TurnServerAdded } from '../../shared/admin.ts';
import { parse } from '../../shared/rpc.ts';
import type { AdminApi } from './admin-api.ts';
import { turnTable } from './turn-table.ts';
import { UsageError } from './usage.ts';

export const TURN_USAGE = `parley turn list [--json]
parley turn add ADDRESS… (--secret-file FILE | --username NAME --password-file FILE)
                [--id ID] [--region R] [--weight N] [--capacity N] [--metrics-url URL] [--ttl SECONDS]
parley turn drain ID [--move]     no new calls; --move: those it has restart ICE onto another one
parley turn resume ID             in service again
parley turn remove ID

ADDRESS is like 'turn:turn.example.org:3478?transport=udp' (some shells want the quotes) or
turns:turn.example.org:5349. Without Redis, what is added is forgotten when npm start ends.
FILE is read, "-" is standard input: on a command line everybody on the machine could see the secret.`;

export interface TurnCommandOptions {
  api: AdminApi;
  write(text: string): void;
}

type Command = (args: string[], options: TurnCommandOptions) => Promise<void>;

/** @throws UsageError, or ParleyError as the API answers */
export async function runTurn(args: readonly string[], options: TurnCommandOptions): Promise<void> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command)
    throw new UsageError(name === '' ? TURN_USAGE : `No "turn ${name}".\n${TURN_USAGE}`);
  await command(rest, options);
}

const COMMANDS: Readonly<Record<string, Command>> = {
  async list(args, { api, write }) {
    const { values } = parsed(args, { json: { type: 'boolean' } }, 0);
    const overview = parse(TurnOverview, await api.get('/api/turn'));
    write(values.json ? JSON.stringify(overview, undefined, 2) : turnTable(overview));
  },

  async add(args, { api, write }) {
    const { values, positionals: urls } = parsed(args, ADD_OPTIONS, 1, 8);
    const entry = {
      urls,
      ...(values.id !== undefined && { id: values.id }),
      ...(values.region !== undefined && { region: values.region }),
      ...(values.weight !== undefined && { weight: numberOf('--weight', values.weight) }),
      ...(values.capacity !== undefined && { capacity: numberOf('--capacity', values.capacity) }),
      ...(values['metrics-url'] !== undefined && { metricsUrl: values['metrics-url'] }),
      ...(values.ttl !== undefined && { ttlSeconds: numberOf('--ttl', values.ttl) }),
      ...(values.username !== undefined && { username: values.username }),
      ...(values['secret-file'] !== undefined && { secret: await secretIn(values['secret-file']) }),
      ...(values['password-file'] !== undefined && {
        password: await secretIn(values['password-file']),
      }),
    };
    const { id, replaced, draining } = parse(TurnServerAdded, await api.post('/api/turn', entry));
    const done = replaced ? 'took the place of the one of that name' : 'is in the pool';
    write(
      draining
        ? `${id} ${done}, and is drained still: parley turn resume ${id}`
        : `${id} ${done}. It is probed now: parley turn list`,
    );
  },

  async drain(args, { api, write }) {
    const { values, positionals } = parsed(args, { move: { type: 'boolean' } }, 1);
    const [id = ''] = positionals;
    await api.post(`${pathOf(id)}/drain`, { move: values.move ?? false });
    write(
      values.move
        ? `${id} gets no new calls, and those it has move to another server now.`
        : `${id} gets no new calls. Those it has stay until they end; --move moves them.`,
    );
  },

  async resume(args, { api, write }) {
    const [id = ''] = parsed(args, {}, 1).positionals;
    await api.post(`${pathOf(id)}/resume`, {});
    write(`${id} is in service again.`);
  },

  async remove(args, { api, write }) {
    const [id = ''] = parsed(args, {}, 1).positionals;
    await api.delete(pathOf(id));
    write(`${id} is out of the pool; calls that it relays move to another server.`);
  },
};

const ADD_OPTIONS = {
  id: { type: 'string' },
  region: { type: 'string' },
  weight: { type: 'string' },
  capacity: { type: 'string' },
  'metrics-url': { type: 'string' },
  ttl: { type: 'string' },
  username: { type: 'string' },
  'secret-file': { type: 'string' },
  'password-file': { type: 'string' },
} as const;

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** @throws UsageError when something is not known, too much or missing */
function parsed<const O extends Options>(args: string[], options: O, min: number, max = min) {
  try {
    const result = parseArgs({ args, options, allowPositionals: true });
    const count = result.positionals.length;
    if (count >= min && count <= max) return result;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n${TURN_USAGE}`);
  }
  throw new UsageError(TURN_USAGE);
}

function numberOf(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new UsageError(`${flag} takes a number; "${text}" is none.`);
  }
  return value;
}

function pathOf(id: string): string {
  return `/api/turn/${encodeURIComponent(id)}`;
}

/** @throws UsageError when it cannot be read */
async function secretIn(file: string): Promise<string> {
  try {
    const text = file === '-' ? await standardInput() : await readFile(file, 'utf8');
    return text.replace(/\r?\n$/, '');
  } catch (cause) {
    throw new UsageError(`${file} cannot be read: ${cause instanceof Error ? cause.message : ''}`);
  }
}

async function standardInput(): Promise<string> {
  process.stdin.setEncoding('utf8');
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  return text;
}

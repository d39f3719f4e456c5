// `parley turn …`: the TURN pool, read and changed through the admin API of a running Parley.
import * as v from 'valibot';
import {
  othersTakeCalls,
  TurnOverview,
  TurnServerAdded,
  TurnServerDraining,
  type TurnServerView,
} from '../../shared/api/admin.ts';
import { ParleyError } from '../../shared/errors.ts';
import { TurnServerId } from '../cluster/turn.ts';
import type { AdminApi } from './admin-api.ts';
import { type Options, readArguments } from './arguments.ts';
import { ADD_OPTIONS, newTurnServer } from './new-turn-server.ts';
import { turnTable } from './turn-table.ts';
import { UsageError } from './usage.ts';

export interface TurnCommandOptions {
  api: AdminApi;
  write(text: string): void;
}

type Command = (args: readonly string[], options: TurnCommandOptions) => Promise<void>;

/** @throws UsageError, or ParleyError as the API answers */
export async function runTurn(args: readonly string[], options: TurnCommandOptions): Promise<void> {
  const [name, ...rest] = args;
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const wrong = name === undefined ? 'What to do is not said' : `There is no "turn ${name}"`;
    throw new UsageError(`${wrong}: turn takes one of ${Object.keys(COMMANDS).join(', ')}.`);
  }
  await command(rest, options);
}

const COMMANDS: Readonly<Record<string, Command>> = {
  async list(args, { api, write }) {
    const { values, words } = readArguments('list', args, { json: { type: 'boolean' } });
    const [word] = words;
    if (word !== undefined) throw new UsageError(`list shows all servers; it takes no "${word}".`);
    const overview = await api.get('/api/turn', TurnOverview);
    write(values.json ? JSON.stringify(overview, undefined, 2) : turnTable(overview));
  },

  async add(args, { api, write }) {
    const { values, words } = readArguments('add', args, ADD_OPTIONS);
    const entry = await newTurnServer(words, values);
    const { id, replaced, draining } = await api.post('/api/turn', entry, TurnServerAdded);
    const done = replaced ? 'took the place of the one of that name' : 'is in the pool';
    write(
      draining
        ? `${id} ${done}, and is drained still: parley turn resume ${id}`
        : `${id} ${done}. It is probed now: parley turn list`,
    );
  },

  async drain(args, { api, write }) {
    const { id, values } = oneServer('drain', args, { move: { type: 'boolean' } });
    const move = values.move ?? false;
    await api.post(`${pathOf(id)}/drain`, { move }, drainingOf(id, move ? 'move' : 'wait'));
    write(`${id} gets no new calls.`);
    if (!(await isNotTheLast(api, id))) {
      write(
        `${id} is the last one: people who need a relay cannot get through, and the calls it has stay on it.`,
      );
    } else if (move) {
      write('Those it has move to another server now.');
    } else {
      write('Those it has stay until they end; --move moves them.');
    }
  },

  async resume(args, { api, write }) {
    const { id } = oneServer('resume', args, {});
    await api.post(`${pathOf(id)}/resume`, {}, drainingOf(id, null));
    write(`${id} is in service again.`);
  },

  async remove(args, { api, write }) {
    const { id } = oneServer('remove', args, {});
    await api.delete(pathOf(id));
    write(`${id} is out of the pool.`);
    write(
      (await isNotTheLast(api, id))
        ? 'Calls that it relays move to another server.'
        : `${id} was the last one: people who need a relay cannot get through, and the calls that it relays keep it only as long as it runs.`,
    );
  },
};

/** @throws UsageError when there is not one ID among the words */
function oneServer<const O extends Options>(command: string, args: readonly string[], options: O) {
  const { values, words } = readArguments(command, args, options);
  const [id] = words;
  if (id === undefined || words.length > 1) {
    const count = id === undefined ? 'none was' : `${words.length} were`;
    throw new UsageError(`${command} takes the ID of one server; ${count} given.`);
  }
  // Others, like "..", would not name a server in an address.
  if (!v.is(TurnServerId, id)) {
    throw new UsageError(`"${id}" is no ID of a server. Those that there are: parley turn list`);
  }
  return { id, values };
}

/** The schema of an answer that confirms the command. */
function drainingOf(id: string, draining: TurnServerView['draining']) {
  return v.pipe(
    TurnServerDraining,
    v.check((answer) => answer.id === id && answer.draining === draining),
  );
}

/** @returns true as well when the pool cannot be read: the command itself succeeded */
async function isNotTheLast(api: AdminApi, id: string): Promise<boolean> {
  try {
    const { servers } = await api.get('/api/turn', TurnOverview);
    return othersTakeCalls(servers, id);
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error;
    return true;
  }
}

function pathOf(id: string): string {
  return `/api/turn/${encodeURIComponent(id)}`;
}

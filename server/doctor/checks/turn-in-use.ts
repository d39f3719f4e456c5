// The TURN servers that participants get: those of our own environment, and those in the store. Pure.
import type { TurnServer } from '../../cluster/turn.ts';
import type { Config } from '../../config/config.ts';
import { configuredTurn } from '../../turn/pool/environment.ts';
import { skipped, type Verdict, warning } from '../finding.ts';

/** The place to correct a server: the `TURN_*` of one server, TURN_POOL, the pool, or another process. */
export type TurnSource = 'variables' | 'pool' | 'operator' | 'elsewhere';

/** `none`: there is no store. `unread`: it could not be read. */
export type StoreState = 'none' | 'unread' | 'read';

export interface TurnInUse {
  servers: readonly TurnServer[];
  stun: readonly string[];
  /** The server is in our environment, but an operator has put another server under the same id. */
  overridden: readonly string[];
  /** Settings without effect, a sentence each. */
  ignored: readonly string[];
  sourceOf(server: TurnServer): TurnSource;
}

/** @throws TurnConfigError */
export function turnInUse(
  { turn, cluster }: Pick<Config, 'turn' | 'cluster'>,
  shared: readonly TurnServer[],
): TurnInUse {
  const { servers: own, stun, ignored } = configuredTurn({ turn, cluster });
  // The servers of TURN_POOL come last.
  const single = configuredTurn({ turn: { ...turn, pool: undefined }, cluster }).servers.length;
  const sources = new Map<string, TurnSource>(
    own.map(({ id }, place) => [id, place < single ? 'variables' : 'pool']),
  );
  // In the store, these win over the configuration of a process.
  const operators = new Map(
    shared.filter(({ origin }) => origin === 'operator').map((server) => [server.id, server]),
  );
  return {
    servers: [
      ...own.map((server) => operators.get(server.id) ?? server),
      ...shared.filter(({ id }) => !sources.has(id)),
    ],
    stun,
    overridden: own.map(({ id }) => id).filter((id) => operators.has(id)),
    ignored,
    sourceOf: ({ id, origin }) =>
      origin === 'operator' ? 'operator' : (sources.get(id) ?? 'elsewhere'),
  };
}

export function overriddenBy(id: string): Verdict {
  return warning(
    'overridden',
    'What the environment says of this server does not count: an operator has put one of this id into the pool, and that one is tried here.',
    `Change that one (parley turn add ADDRESS… --id ${id}), or remove it (parley turn remove ${id}): a media server that runs with this environment puts its own back within a minute.`,
  );
}

const REMEDY =
  'Run one (docs/turn.md says how), and tell it with TURN_HOST and TURN_SHARED_SECRET. The doctor needs the same environment as the server.';

export function ignoredSetting(sentence: string): Verdict {
  return warning('ignored_setting', sentence, 'Set what is missing, or remove what is not needed.');
}

export function noTurnServer(store: StoreState): Verdict {
  const without = 'Without any, people behind strict firewalls cannot join.';
  if (store === 'none') {
    return warning(
      'no_turn_server',
      `There is no TURN server in this environment. One that was added to a running \`npm start\` is at /admin, and is not tried here. ${without}`,
      REMEDY,
    );
  }
  if (store === 'unread') {
    return skipped(
      `There is no TURN server in this environment, and the store, which may have some, cannot be read. ${without}`,
    );
  }
  return warning('no_turn_server', `No TURN server is configured. ${without}`, REMEDY);
}

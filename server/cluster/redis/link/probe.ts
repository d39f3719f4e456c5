// Tries each right that Parley needs, so that one that is missing is seen at the start.
import { randomUUID } from 'node:crypto';
import { ErrorReply } from 'redis';
import * as v from 'valibot';
import { MissingRights } from './errors.ts';
import type { RedisLink } from './link.ts';
import {
  CLUSTER_COMMANDS,
  CONNECTION_COMMANDS,
  type Right,
  rightOf,
  rightsOf,
  SCRIPT_COMMANDS,
  SCRIPT_TRIES,
  WRITING_TRIES,
} from './rights.ts';
import { argumentsOf, loadScript } from './script.ts';

const TRY = loadScript('try-rights', [], ['calls']);

const Failed = v.array(v.tuple([v.string(), v.string()]));

/** Under the prefix as everything else, and new each time. */
export function probeKey(keyPrefix: string): string {
  return `${keyPrefix}:rights:${randomUUID()}`;
}

/** Commands that take no key in their first place. */
const KEYLESS = new Set(['time']);

/**
 * @param key also a channel; nothing is at it, before and after. In a Redis Cluster one that the
 *   server holds, or only those commands are tried that need none.
 * @throws MissingRights, or what ended the connection
 */
export async function probeRights(link: RedisLink, key: string): Promise<void> {
  const clustered = link.facts?.clustered ?? false;
  const calls: (readonly string[])[] = [
    ...[...CONNECTION_COMMANDS, ...(clustered ? CLUSTER_COMMANDS : [])].map((name) => [
      ...name.split('|'),
    ]),
    // No script has this digest.
    ['evalsha', '0'.repeat(40), '0'],
  ];
  const tried = calls.map((call) => attempt(() => link.send(call)));
  const [direct, scripts, channels] = await Promise.all([
    Promise.all(tried),
    tryScripts(link, key),
    tryChannel(link, key),
  ]);
  const rights = [...direct.flat(), ...scripts.rights, ...channels.rights];
  if (rights.length === 0) return;
  const commands = [...scripts.untried, ...channels.untried];
  const untried = { commands, keys: scripts.untried === SCRIPT_COMMANDS, channels: false };
  const { host, port } = link.address;
  throw new MissingRights({ refused: rightsOf(rights), untried }, `${host}:${port}`);
}

interface Outcome {
  rights: readonly Right[];
  untried: readonly string[];
}

async function tryScripts(link: RedisLink, key: string): Promise<Outcome> {
  const rights: Right[] = [];
  const run = async (tries: Readonly<Record<string, readonly string[]>>, last: string[][]) => {
    const named = Object.entries(tries).map(([name, args]) =>
      KEYLESS.has(name) ? [name, ...args] : [name, key, ...args],
    );
    const calls = JSON.stringify([...named, ...last]);
    return attempt(async () => {
      const failed = v.parse(
        Failed,
        await link.send(['EVAL', TRY.text, '0', ...argumentsOf(TRY, { calls })]),
      );
      for (const [name, message] of failed) {
        const right = rightOf(message);
        // Inside a script some versions do not name the command.
        if (right) rights.push(right.kind === 'command' ? { kind: 'command', name } : right);
      }
    });
  };
  const refused = await run(SCRIPT_TRIES, []);
  if (refused.length > 0) return { rights: refused, untried: SCRIPT_COMMANDS };
  const canDelete = !rights.some((right) => right.kind === 'command' && right.name === 'del');
  if (!canDelete) return { rights, untried: Object.keys(WRITING_TRIES) };
  await run(WRITING_TRIES, [['del', key]]);
  return { rights, untried: [] };
}

async function tryChannel(link: RedisLink, channel: string): Promise<Outcome> {
  const listener = () => {};
  const refused = await attempt(() => link.subscribe(channel, listener));
  if (refused.length > 0) return { rights: refused, untried: ['sunsubscribe'] };
  return { rights: await attempt(() => link.unsubscribe(channel, listener)), untried: [] };
}

/** Any other refusal is not about rights: the caller that needs the answer handles it. */
async function attempt(body: () => Promise<unknown>): Promise<Right[]> {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof ErrorReply)) throw error;
    const right = rightOf(error.message);
    if (right) return [right];
  }
  return [];
}

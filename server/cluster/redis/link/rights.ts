// What a Redis user has to be allowed, what is missing of it, and the ACL line that grants it.

/** A command of an ACL, the keys, or the channels: what Redis can refuse a user it knows. */
export type Right = { kind: 'command'; name: string | undefined } | { kind: 'keys' | 'channels' };

export interface Rights {
  /** As an ACL names them. */
  commands: readonly string[];
  keys: boolean;
  channels: boolean;
}

export interface Missing {
  refused: Rights;
  /** What could not be tried without one of those: granted along, for one grant to be enough. */
  untried: Rights;
}

export interface Grantee {
  username: string | undefined;
  keyPrefix: string;
}

export const CONNECTION_COMMANDS = ['ping', 'pubsub|shardnumsub'] as const;
export const CLUSTER_COMMANDS = ['cluster|info', 'cluster|slots', 'asking'] as const;
const CALLING_COMMANDS = ['eval', 'evalsha', 'ssubscribe', 'sunsubscribe'] as const;

/**
 * Each command of our scripts, and arguments with which it changes nothing where nothing is: the
 * server looks at the rights before it looks at these. A test compares the names with the scripts.
 */
export const SCRIPT_TRIES: Readonly<Record<string, readonly string[]>> = {
  del: [],
  exists: [],
  hdel: ['x'],
  hexists: ['x'],
  hget: ['x'],
  hgetall: [],
  hincrby: ['x', 'not-a-number'],
  hlen: [],
  hset: ['x', 'y', 'without-a-value'],
  hvals: [],
  lindex: ['0'],
  llen: [],
  lrange: ['0', '-1'],
  ltrim: ['0', '-1'],
  pexpire: ['1000'],
  spublish: ['x'],
  time: [],
  zadd: ['not-a-number', 'x'],
  zcard: [],
  zrange: ['0', '0'],
  zrangebyscore: ['0', '0'],
  zrem: ['x'],
  zscore: ['x'],
};

/** These write whatever they are given: tried only where the key can be deleted again. */
export const WRITING_TRIES: Readonly<Record<string, readonly string[]>> = {
  hsetnx: ['x', 'y'],
  rpush: ['x'],
};

export const SCRIPT_COMMANDS = [...Object.keys(SCRIPT_TRIES), ...Object.keys(WRITING_TRIES)];

/** Everything, on a server that is no Redis Cluster and with the database 0. */
export const ALL_COMMANDS: readonly string[] = [
  ...CONNECTION_COMMANDS,
  ...CALLING_COMMANDS,
  ...SCRIPT_COMMANDS,
];

/**
 * Redis 7.0 and later ones use different words, and inside scripts others again.
 * @returns undefined when the text is about something else
 */
export function rightOf(message: string): Right | undefined {
  if (!/^NOPERM|ACL failure in script|The user executing the script can't/i.test(message)) {
    return undefined;
  }
  const name = /the '([^']+)' command/i.exec(message)?.[1]?.toLowerCase();
  if (name !== undefined || /\brun th(e|is)\b/i.test(message)) return { kind: 'command', name };
  if (/\bchannels?\b/i.test(message)) return { kind: 'channels' };
  if (/\bkeys?\b/i.test(message)) return { kind: 'keys' };
  return { kind: 'command', name: undefined };
}

export const EVERYTHING: Rights = { commands: ALL_COMMANDS, keys: true, channels: true };

export function rightsOf(rights: readonly Right[]): Rights {
  const names = rights.flatMap((right) =>
    right.kind === 'command' && right.name !== undefined ? [right.name] : [],
  );
  return {
    commands: [...new Set(names)],
    keys: rights.some(({ kind }) => kind === 'keys'),
    channels: rights.some(({ kind }) => kind === 'channels'),
  };
}

/** What its user cannot do: a clause that goes on after "its user". */
export function describeMissing({ refused }: Missing, { username, keyPrefix }: Grantee): string {
  const names = refused.commands.map((name) => name.toUpperCase().replace('|', ' '));
  const list = [
    names.length > 0 && `to run ${names.join(', ')}`,
    refused.keys && `to use the keys ${keyPrefix}:*`,
    refused.channels && `to use the channels ${keyPrefix}:*`,
  ].filter((part) => part !== false);
  const what = list.length > 0 ? list.join(' and ') : 'to do all that Parley does';
  return `its user ${username ?? 'default'} has no right ${what}`;
}

/** The line for redis-cli that adds what is missing, and takes nothing away. */
export function grantOf({ refused, untried }: Missing, { username, keyPrefix }: Grantee): string {
  const commands = new Set([...refused.commands, ...untried.commands]);
  const rules = [
    ...(refused.keys || untried.keys ? [`~${keyPrefix}:*`] : []),
    ...(refused.channels || untried.channels ? [`&${keyPrefix}:*`] : []),
    ...[...commands].map((name) => `+${name}`),
  ];
  return `ACL SETUSER ${username ?? 'default'} ${rules.join(' ')}`;
}

// The scripts of server/cluster/lua: each with the names of its keys and arguments, in their order.
import { loadScript } from './link/script.ts';

/** Every script of rooms takes these; room.lua says what they are. */
const ROOM_KEYS = ['state', 'sessions', 'leases', 'nodes', 'chat', 'patches'] as const;
const ROOM_ARGS = ['channel', 'leaseMs', 'chatHistory', 'patchHistory'] as const;
export type RoomArgument = (typeof ROOM_ARGS)[number];

function room<const Argument extends string>(file: string, args: readonly Argument[]) {
  return loadScript<RoomArgument | Argument>(`rooms/${file}`, ROOM_KEYS, [...ROOM_ARGS, ...args]);
}

export const ROOM = {
  admit: room('admit', ['id', 'hash', 'max', 'shown', 'ends', 'program', 'ops', 'brief']),
  claim: room('claim', ['id', 'hash']),
  commit: room('commit', ['me', 'fence', 'program', 'ops']),
  release: room('release', ['id', 'fence', 'program', 'ops']),
  renew: room('renew', ['mayRelease', 'guards', 'leave', 'leaveOp']),
  expire: room('expire', ['leave', 'leaveOp']),
  restore: room('restore', ['known', 'versionJump']),
  snapshot: room('snapshot', []),
  recording: room('recording', []),
  patchesSince: room('patches-since', ['version']),
  place: room('places/place', ['id', 'node', 'epoch']),
  placement: room('places/placement', []),
  placements: room('places/placements', ['id']),
};

const NODE_KEYS = ['leases', 'infos', 'terms'] as const;

export const NODES = {
  beat: loadScript('nodes/beat', NODE_KEYS, ['id', 'leaseMs', 'info', 'backstopMs']),
  remove: loadScript('nodes/remove', NODE_KEYS, ['id']),
  list: loadScript('nodes/list', NODE_KEYS, []),
};

export const SWEEP = {
  all: loadScript('sweep/all', ['rooms'], []),
  note: loadScript('sweep/note', ['rooms'], ['names', 'leaseMs', 'backstopMs']),
  takeDue: loadScript('sweep/take-due', ['rooms'], ['batch', 'leaseMs']),
  settle: loadScript('sweep/settle', ['rooms'], ['room', 'taken', 'nextMs']),
};

const TURN_KEYS = ['servers', 'draining', 'seeds', 'meta', 'reports', 'samples'] as const;

export const TURN = {
  read: loadScript('turn/read', TURN_KEYS, ['version', 'birth']),
  put: loadScript('turn/put', TURN_KEYS, ['birth', 'id', 'text', 'drain', 'max']),
  seed: loadScript('turn/seed', TURN_KEYS, ['birth', 'ttlMs', 'replace', 'texts']),
  setDraining: loadScript('turn/set-draining', TURN_KEYS, ['birth', 'id', 'drain']),
  remove: loadScript('turn/remove', TURN_KEYS, ['birth', 'id']),
  restore: loadScript('turn/restore', TURN_KEYS, ['birth', 'known', 'texts']),
  report: loadScript('turn/report', TURN_KEYS, ['node', 'ttlMs', 'text']),
  reports: loadScript('turn/reports', TURN_KEYS, []),
  sample: loadScript('turn/sample', TURN_KEYS, ['everyMs', 'kept', 'text']),
};

/** Every script of jobs takes these; jobs.lua says what they are. */
const JOB_KEYS = [
  ...['states', 'payloads', 'results', 'problems', 'open'],
  ...['queue', 'index', 'ended', 'counts'],
];
const JOB_ARGS = ['keepMs', 'keptPerKind'] as const;
export type JobArgument = (typeof JOB_ARGS)[number];

function jobs<const Argument extends string>(file: string, args: readonly Argument[]) {
  return loadScript<JobArgument | Argument>(`jobs/${file}`, JOB_KEYS, [...JOB_ARGS, ...args]);
}

export const JOBS = {
  add: jobs('add', ['id', 'kind', 'key', 'payload', 'notBefore', 'max']),
  take: jobs('take', ['kinds', 'leaseMs']),
  renew: jobs('renew', ['id', 'fence', 'leaseMs', 'progress']),
  finish: jobs('finish', ['id', 'fence', 'token', 'outcome', 'text', 'again']),
  cancel: jobs('cancel', ['id']),
  get: jobs('get', ['id']),
  list: jobs('list', ['kind', 'prefix', 'most']),
  counts: jobs('counts', []),
};

export const SECRETS = {
  keep: loadScript('keep-secret', ['secrets'], ['name', 'candidate']),
};

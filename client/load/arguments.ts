// The command line of `parley load` → a plan, or sentences that say what is wrong. Nothing is bent to fit. Pure.
import { parseArgs } from 'node:util';
import type { LoadPlan, Thresholds } from './plan.ts';
import { isOfThisMachine, type Machine } from './this-machine.ts';

export type Parsed = { plan: LoadPlan } | { sentences: string[] };

interface Quantity {
  from: number;
  to: number;
  isWhole: boolean;
  /** Undefined where another value follows from the rest. */
  fallback: number | undefined;
}

const whole = (from: number, to: number, fallback?: number): Quantity => ({
  ...{ from, to, isWhole: true, fallback },
});
const any = (from: number, to: number, fallback?: number): Quantity => ({
  ...{ from, to, isWhole: false, fallback },
});

const MINUTE_MS = 60_000;
const DAY_SECONDS = 86_400;

const QUANTITIES = {
  publishers: whole(0, 1_000, 2),
  cameras: whole(0, 1_000),
  viewers: whole(0, 20_000, 0),
  rooms: whole(1, 1_000, 1),
  layout: whole(0, 100, 9),
  speakers: whole(0, 1_000),
  counted: whole(1, 21_000),
  ramp: any(0, DAY_SECONDS),
  duration: any(1, DAY_SECONDS, 60),
  'max-refused': whole(0, 1_000_000, 0),
  'max-join': any(1, MINUTE_MS, 3_000),
  'max-first-packet': any(1, MINUTE_MS, 5_000),
  'max-loss': any(0, 100, 1),
  'max-gaps': any(0, 100, 1),
  'max-delay': any(1, MINUTE_MS, 500),
} as const satisfies Record<string, Quantity>;
type QuantityName = keyof typeof QUANTITIES;
const NAMES = Object.keys(QUANTITIES) as QuantityName[];

const TEXTS = ['url', 'room', 'token', 'called'] as const;
const SWITCHES = ['audio-only', 'json', 'i-own-this-server'] as const;

/** Arrivals in a second when no ramp is given. */
const ARRIVALS_PER_SECOND = 10;
const ROOM = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const LONGEST_ROOM = 64;
const CALLED = /^[\p{L}\p{N}][\p{L}\p{N} -]{0,31}$/u;

export function parse(args: readonly string[], machine: Machine): Parsed {
  const { values, sentences } = readWords(args);
  const { numbers, sentences: wrongNumbers } = readNumbers(values);
  sentences.push(...wrongNumbers);
  const url = values.get('url');
  const room = values.get('room');
  const isOwn = values.has('i-own-this-server');
  sentences.push(...wrongAddress(url, isOwn, machine));
  const rooms = numbers.rooms ?? 1;
  sentences.push(...wrongRoom(room, rooms, values.has('token')));
  const called = values.get('called');
  if (called !== undefined && !CALLED.test(called)) {
    sentences.push(`--called wants a name of up to 32 letters and digits; "${called}" is none.`);
  }
  const publishers = numbers.publishers ?? 0;
  const viewers = numbers.viewers ?? 0;
  const leastOfRoom = Math.floor(publishers / rooms);
  const speakers = numbers.speakers ?? Math.min(1, leastOfRoom);
  const isAudioOnly = values.has('audio-only');
  const cameras = numbers.cameras ?? (isAudioOnly ? 0 : publishers);
  if (isAudioOnly && cameras > 0) {
    sentences.push(`--audio-only means no cameras, and --cameras asks for ${cameras}.`);
  }
  // The relations between quantities are judged only where each is right by itself.
  if (wrongNumbers.length === 0) {
    sentences.push(
      ...wrongTogether({ publishers, viewers, rooms, speakers, cameras, leastOfRoom }),
    );
  }
  if (sentences.length > 0 || url === undefined || room === undefined) return { sentences };
  const plan: LoadPlan = {
    ...{ url, room, publishers, viewers, rooms, speakers, cameras, isOwn, called },
    counted: Math.min(publishers + viewers, numbers.counted ?? publishers + viewers),
    token: values.get('token'),
    layout: numbers.layout ?? 0,
    json: values.has('json'),
    rampMs: (numbers.ramp ?? (publishers + viewers) / ARRIVALS_PER_SECOND) * 1000,
    durationMs: (numbers.duration ?? 0) * 1000,
    thresholds: thresholdsOf(numbers),
  };
  return { plan };
}

function thresholdsOf(numbers: Partial<Record<QuantityName, number>>): Thresholds {
  return {
    refused: numbers['max-refused'] ?? 0,
    joinP95Ms: numbers['max-join'] ?? 0,
    firstPacketP95Ms: numbers['max-first-packet'] ?? 0,
    lossPercent: numbers['max-loss'] ?? 0,
    gapPercent: numbers['max-gaps'] ?? 0,
    delayP95Ms: numbers['max-delay'] ?? 0,
  };
}

/** The options as written; a switch has an empty value. */
function readWords(args: readonly string[]): { values: Map<string, string>; sentences: string[] } {
  const values = new Map<string, string>();
  const sentences: string[] = [];
  const options = Object.fromEntries([
    ...[...TEXTS, ...NAMES].map((name) => [name, { type: 'string' as const }] as const),
    ...SWITCHES.map((name) => [name, { type: 'boolean' as const }] as const),
  ]);
  const shape = { args: [...args], options, allowPositionals: true, strict: false, tokens: true };
  for (const token of parseArgs({ ...shape, tokens: true }).tokens) {
    if (token.kind === 'positional') {
      sentences.push(`load takes options only; "${token.value}" is none.`);
    }
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const type = Object.hasOwn(options, name) ? options[name]?.type : undefined;
    if (type === undefined) sentences.push(`load has no option ${rawName}.`);
    else if (values.has(name)) sentences.push(`${rawName} is given twice.`);
    else if (type === 'boolean' && value !== undefined) {
      sentences.push(`${rawName} takes no value.`);
    } else if (type === 'string' && (value === undefined || isOption(value, inlineValue))) {
      sentences.push(`${rawName} wants a value; none was given.`);
    } else values.set(name, value ?? '');
  }
  return { values, sentences };
}

/** The next option was taken for the value of the one before. A negative number is refused as a number. */
function isOption(value: string, inlineValue: boolean | undefined): boolean {
  return inlineValue !== true && /^--?[a-z]/.test(value);
}

function readNumbers(values: ReadonlyMap<string, string>) {
  const sentences: string[] = [];
  const numbers: Partial<Record<QuantityName, number>> = {};
  for (const name of NAMES) {
    const { from, to, isWhole, fallback } = QUANTITIES[name];
    const text = values.get(name);
    if (text === undefined) {
      if (fallback !== undefined) numbers[name] = fallback;
      continue;
    }
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    const fits = value >= from && value <= to && (!isWhole || Number.isInteger(value));
    if (fits) numbers[name] = value;
    else {
      const wanted = isWhole ? 'a whole number' : 'a number';
      sentences.push(`--${name} wants ${wanted} from ${from} to ${to}; "${text}" is none.`);
    }
  }
  return { numbers, sentences };
}

function wrongAddress(url: string | undefined, isOwn: boolean, machine: Machine): string[] {
  if (url === undefined) {
    return ['--url is missing: the address of the server, like http://localhost:3000.'];
  }
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    return [`--url wants an http:// or https:// address; "${url}" is none.`];
  }
  const { hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') {
    return ['The address of the server has a user in it, which Parley does not know.'];
  }
  if (isOwn || isOfThisMachine(hostname, machine)) return [];
  return [
    `${hostname} is not this machine. Load that nobody expects is an attack: if the server is yours, say so with --i-own-this-server.`,
  ];
}

function wrongRoom(room: string | undefined, rooms: number, hasToken: boolean): string[] {
  if (room === undefined) return ['--room is missing: the room to enter.'];
  const longest = rooms === 1 ? room : `${room}-${rooms}`;
  if (!ROOM.test(room)) {
    return [
      `--room wants 1 to ${LONGEST_ROOM} of a-z, 0-9, "-" and "_", with a letter or digit first; "${room}" is none.`,
    ];
  }
  if (longest.length > LONGEST_ROOM) {
    return [`"${longest}" would be the name of a room, and is longer than ${LONGEST_ROOM}.`];
  }
  if (hasToken && rooms > 1) {
    return ['--token lets into one room only, and --rooms asks for several.'];
  }
  return [];
}

interface Together {
  publishers: number;
  viewers: number;
  rooms: number;
  speakers: number;
  cameras: number;
  /** Publishers of the room that has fewest. */
  leastOfRoom: number;
}

function wrongTogether(numbers: Together): string[] {
  const { publishers, viewers, rooms, speakers, cameras, leastOfRoom } = numbers;
  if (publishers + viewers === 0) return ['Nobody would come: --publishers and --viewers are 0.'];
  if (publishers > 0 && rooms > publishers) {
    return [`${publishers} publishers cannot be in ${rooms} rooms: some would have none.`];
  }
  if (publishers === 0 && rooms > viewers) {
    return [`${viewers} viewers cannot be in ${rooms} rooms: some would be empty.`];
  }
  if (speakers > leastOfRoom) {
    return [`${speakers} cannot speak at a time in a room of ${leastOfRoom} publishers.`];
  }
  if (cameras > publishers) {
    return [`${cameras} cameras cannot be sent by ${publishers} publishers: each has one.`];
  }
  return [];
}

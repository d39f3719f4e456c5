// The TURN pool in Redis: one hash tag for all of it, as it is read together and small.
//
//   servers   hash  id → origin|JSON; the secrets are in here and nowhere else
//   draining  hash  id → wait or move
//   seeds     hash  id → when a process last said that it has it configured, UTC milliseconds
//   meta      hash  version, birth, restored (from which birth), seeded and sampled (when last)
//   reports   hash  node → end, UTC milliseconds|JSON
//   samples   list  JSON, oldest first
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { TurnSample } from '../../../shared/api/admin.ts';
import {
  poolFull,
  SAMPLES_KEPT,
  SEED_TTL_MS,
  TurnReport,
  TurnServer,
  type TurnServers,
  type TurnStore,
} from '../turn.ts';
import type { RedisConnection } from './link/connection.ts';
import { script } from './link/script.ts';

const KEYS = ['servers', 'draining', 'seeds', 'meta', 'reports', 'samples'] as const;

const COMMON = `
local SERVERS, DRAINING, SEEDS, META, REPORTS, SAMPLES = unpack(KEYS)
local call = redis.call
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function int(number) return string.format('%.0f', number) end
local function changed(birth)
  call('HINCRBY', META, 'version', 1)
  call('HSETNX', META, 'birth', birth)
end
local function is_operators(id)
  local text = call('HGET', SERVERS, id)
  return text and string.sub(text, 1, 9) == 'operator|', text
end
`;

const READ = script(
  COMMON,
  `
local version, birth = call('HGET', META, 'version') or '0', call('HGET', META, 'birth') or ''
if ARGV[1] == version and ARGV[2] == birth then return false end
return { version, birth, call('HGETALL', SERVERS), call('HGETALL', DRAINING) }
`,
);

const PUT = script(
  COMMON,
  `
local BIRTH, ID, TEXT, DRAIN, MAX = unpack(ARGV)
if call('HEXISTS', SERVERS, ID) == 0 and call('HLEN', SERVERS) >= tonumber(MAX) then return 0 end
call('HSET', SERVERS, ID, TEXT)
call('HDEL', SEEDS, ID)
if DRAIN ~= '' then call('HSET', DRAINING, ID, DRAIN) end
changed(BIRTH)
return 1
`,
);

const SEED = script(
  COMMON,
  `
local BIRTH, TTL, REPLACE = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local touched = false
-- Nobody could say anything for so long: what is missing then was not taken away.
local before_at = tonumber(call('HGET', META, 'seeded') or int(now))
local was_away = now - before_at >= TTL / 2
call('HSET', META, 'seeded', int(now))
for n = 4, #ARGV, 2 do
  local id, text = ARGV[n], ARGV[n + 1]
  local operators, before = is_operators(id)
  if not operators then
    call('HSET', SEEDS, id, int(now))
    if not before or (REPLACE == '1' and before ~= text) then
      call('HSET', SERVERS, id, text)
      touched = true
    end
  end
end
local seeds = call('HGETALL', SEEDS)
for n = 1, #seeds, 2 do
  if was_away then
    call('HSET', SEEDS, seeds[n], int(now))
  elseif now - tonumber(seeds[n + 1]) >= TTL then
    call('HDEL', SEEDS, seeds[n])
    call('HDEL', SERVERS, seeds[n])
    call('HDEL', DRAINING, seeds[n])
    touched = true
  end
end
if touched then changed(BIRTH) end
return 1
`,
);

const SET_DRAINING = script(
  COMMON,
  `
local BIRTH, ID, DRAIN = unpack(ARGV)
if call('HEXISTS', SERVERS, ID) == 0 then return 0 end
if DRAIN == '' then call('HDEL', DRAINING, ID) else call('HSET', DRAINING, ID, DRAIN) end
changed(BIRTH)
return 1
`,
);

const REMOVE = script(
  COMMON,
  `
local BIRTH, ID = unpack(ARGV)
call('HDEL', SEEDS, ID)
call('HDEL', DRAINING, ID)
if call('HDEL', SERVERS, ID) == 0 then return 0 end
changed(BIRTH)
return 1
`,
);

const RESTORE = script(
  COMMON,
  `
local BIRTH, KNOWN = ARGV[1], ARGV[2]
-- Once is enough: whoever comes later may know servers that were removed since.
if (call('HGET', META, 'birth') or '') == KNOWN or call('HGET', META, 'restored') == KNOWN then
  return 0
end
for n = 3, #ARGV, 3 do
  local id, text, drain = ARGV[n], ARGV[n + 1], ARGV[n + 2]
  local is_operators = string.sub(text, 1, 9) == 'operator|'
  local before = call('HGET', SERVERS, id)
  -- A process that started meanwhile has said what it has configured; an operator's word counts more.
  if not before or (is_operators and string.sub(before, 1, 9) ~= 'operator|') then
    call('HSET', SERVERS, id, text)
    if is_operators then call('HDEL', SEEDS, id) else call('HSET', SEEDS, id, int(now)) end
  end
  if drain ~= '' then call('HSETNX', DRAINING, id, drain) end
end
call('HSET', META, 'restored', KNOWN)
changed(BIRTH)
return 1
`,
);

const REPORT = script(
  COMMON,
  `
local NODE, TTL, TEXT = unpack(ARGV)
call('HSET', REPORTS, NODE, int(now + TTL) .. '|' .. TEXT)
return 1
`,
);

const READ_REPORTS = script(
  COMMON,
  `
local found = {}
local reports = call('HGETALL', REPORTS)
for n = 1, #reports, 2 do
  local till, text = string.match(reports[n + 1], '^(%d+)|(.*)$')
  if tonumber(till) <= now then call('HDEL', REPORTS, reports[n]) else found[#found + 1] = text end
end
return found
`,
);

const SAMPLE = script(
  COMMON,
  `
local EVERY, KEPT, TEXT = unpack(ARGV)
if now - tonumber(call('HGET', META, 'sampled') or '0') < tonumber(EVERY) then return 0 end
call('HSET', META, 'sampled', int(now))
call('RPUSH', SAMPLES, TEXT)
call('LTRIM', SAMPLES, -KEPT, -1)
return 1
`,
);

const Texts = v.array(v.string());
const Read = v.nullable(v.tuple([v.string(), v.string(), Texts, Texts]));
const Done = v.number();

export interface RedisTurnOptions {
  connection: RedisConnection;
  keyPrefix: string;
  onUnreadable(error: unknown): void;
}

export class RedisTurn implements TurnStore {
  readonly #options: RedisTurnOptions;
  readonly #keys: readonly string[];

  constructor(options: RedisTurnOptions) {
    this.#options = options;
    this.#keys = KEYS.map((key) => `${options.keyPrefix}:{turn}:${key}`);
  }

  async read(known: Pick<TurnServers, 'version' | 'birth'> | undefined) {
    const args = known ? [String(known.version), known.birth] : ['', ''];
    const answer = await this.#run(READ, args, Read);
    if (!answer) return undefined;
    const [version, birth, servers, draining] = answer;
    const drains = new Map(pairs(draining));
    return {
      version: Number(version),
      birth,
      servers: pairs(servers).flatMap(([id, text]) =>
        this.#readable(() => parseServer(text, drains.get(id))),
      ),
    };
  }

  async put(server: TurnServer, maxServers: number): Promise<void> {
    const args = [server.id, textOf(server), server.draining ?? '', String(maxServers)];
    if ((await this.#run(PUT, [randomUUID(), ...args], Done)) === 0) throw poolFull();
  }

  async seed(servers: readonly TurnServer[], { replace }: { replace: boolean }): Promise<void> {
    const args = servers.flatMap((server) => [server.id, textOf(server)]);
    await this.#run(SEED, [randomUUID(), String(SEED_TTL_MS), replace ? '1' : '0', ...args], Done);
  }

  async setDraining(id: string, draining: TurnServer['draining']): Promise<boolean> {
    return (await this.#run(SET_DRAINING, [randomUUID(), id, draining ?? ''], Done)) === 1;
  }

  async remove(id: string): Promise<boolean> {
    return (await this.#run(REMOVE, [randomUUID(), id], Done)) === 1;
  }

  async restore({ birth, servers }: TurnServers): Promise<void> {
    const args = servers.flatMap((server) => [server.id, textOf(server), server.draining ?? '']);
    await this.#run(RESTORE, [randomUUID(), birth, ...args], Done);
  }

  async report(report: TurnReport, ttlMs: number): Promise<void> {
    await this.#run(REPORT, [report.nodeId, String(ttlMs), JSON.stringify(report)], Done);
  }

  async reports(): Promise<TurnReport[]> {
    const texts = await this.#run(READ_REPORTS, [], Texts);
    return texts.flatMap((text) => this.#readable(() => v.parse(TurnReport, JSON.parse(text))));
  }

  async sample(sample: TurnSample, everyMs: number): Promise<void> {
    const args = [String(everyMs), String(SAMPLES_KEPT), JSON.stringify(sample)];
    await this.#run(SAMPLE, args, Done);
  }

  async samples(): Promise<TurnSample[]> {
    const key = this.#keys[KEYS.indexOf('samples')] ?? '';
    const args = ['LRANGE', key, '0', '-1'];
    const answer = await this.#options.connection.command(key, args, { repeatable: true });
    return v
      .parse(Texts, answer)
      .flatMap((text) => this.#readable(() => v.parse(TurnSample, JSON.parse(text))));
  }

  async #run<S extends v.GenericSchema>(
    code: ReturnType<typeof script>,
    args: readonly string[],
    schema: S,
  ): Promise<v.InferOutput<S>> {
    // Each of them leaves the same behind when it is done twice.
    const options = { repeatable: true };
    return v.parse(schema, await this.#options.connection.script(code, this.#keys, args, options));
  }

  /** What another release wrote may not be readable; the rest is. */
  #readable<T>(read: () => T): T[] {
    try {
      return [read()];
    } catch (error) {
      this.#options.onUnreadable(error);
      return [];
    }
  }
}

function textOf(server: TurnServer): string {
  const { draining: _, ...kept } = server;
  return `${server.origin}|${JSON.stringify(kept)}`;
}

function parseServer(text: string, draining: string | undefined): TurnServer {
  const json = text.slice(text.indexOf('|') + 1);
  return v.parse(TurnServer, { ...JSON.parse(json), draining: draining ?? null });
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, n) =>
    n % 2 === 0 ? [[name, flat[n + 1] ?? ''] as [string, string]] : [],
  );
}

// The TURN pool in Redis; lua/turn/pool.lua says what is kept where.
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
import type { RedisScript, ScriptValues } from './link/script.ts';
import { TURN } from './scripts.ts';

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

  constructor(options: RedisTurnOptions) {
    this.#options = options;
  }

  async read(known: Pick<TurnServers, 'version' | 'birth'> | undefined) {
    const { version: knownVersion = '', birth: knownBirth = '' } = known ?? {};
    const values = { version: knownVersion, birth: knownBirth };
    const answer = await this.#run(TURN.read, values, Read);
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
    const values = {
      birth: randomUUID(),
      id: server.id,
      text: textOf(server),
      drain: server.draining ?? '',
      max: maxServers,
    };
    if ((await this.#run(TURN.put, values, Done)) === 0) throw poolFull();
  }

  async seed(servers: readonly TurnServer[], { replace }: { replace: boolean }): Promise<void> {
    const texts = JSON.stringify(servers.map((server) => [server.id, textOf(server)]));
    const values = { birth: randomUUID(), ttlMs: SEED_TTL_MS, replace, texts };
    await this.#run(TURN.seed, values, Done);
  }

  async setDraining(id: string, draining: TurnServer['draining']): Promise<boolean> {
    const values = { birth: randomUUID(), id, drain: draining ?? '' };
    return (await this.#run(TURN.setDraining, values, Done)) === 1;
  }

  async remove(id: string): Promise<boolean> {
    return (await this.#run(TURN.remove, { birth: randomUUID(), id }, Done)) === 1;
  }

  async restore({ birth, servers }: TurnServers): Promise<void> {
    const texts = JSON.stringify(
      servers.map((server) => [server.id, textOf(server), server.draining ?? '']),
    );
    await this.#run(TURN.restore, { birth: randomUUID(), known: birth, texts }, Done);
  }

  async report(report: TurnReport, ttlMs: number): Promise<void> {
    const values = { node: report.nodeId, ttlMs, text: JSON.stringify(report) };
    await this.#run(TURN.report, values, Done);
  }

  async reports(): Promise<TurnReport[]> {
    const texts = await this.#run(TURN.reports, {}, Texts);
    return texts.flatMap((text) => this.#readable(() => v.parse(TurnReport, JSON.parse(text))));
  }

  async sample(sample: TurnSample, everyMs: number): Promise<void> {
    const values = { everyMs, kept: SAMPLES_KEPT, text: JSON.stringify(sample) };
    await this.#run(TURN.sample, values, Done);
  }

  async samples(): Promise<TurnSample[]> {
    const key = this.#keyOf('samples');
    const args = ['LRANGE', key, '0', '-1'];
    const answer = await this.#options.connection.command(key, args, { repeatable: true });
    return v
      .parse(Texts, answer)
      .flatMap((text) => this.#readable(() => v.parse(TurnSample, JSON.parse(text))));
  }

  readonly #keyOf = (name: string) => `${this.#options.keyPrefix}:{turn}:${name}`;

  async #run<Argument extends string, S extends v.GenericSchema>(
    script: RedisScript<Argument>,
    values: ScriptValues<Argument>,
    schema: S,
  ): Promise<v.InferOutput<S>> {
    // Each of them leaves the same behind when it is done twice.
    const options = { repeatable: true };
    const { connection } = this.#options;
    return v.parse(schema, await connection.script(script, this.#keyOf, values, options));
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

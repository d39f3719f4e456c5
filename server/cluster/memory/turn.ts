// The TURN pool of one process, in plain maps.
import { randomUUID } from 'node:crypto';
import type { TurnSample } from '../../../shared/api/admin.ts';
import {
  poolFull,
  SAMPLES_KEPT,
  SEED_TTL_MS,
  type TurnReport,
  type TurnServer,
  type TurnServers,
  type TurnStore,
} from '../turn.ts';

export class MemoryTurn implements TurnStore {
  readonly #servers = new Map<string, TurnServer>();
  /** When a running process last said that it has the server in its configuration. */
  readonly #seeded = new Map<string, number>();
  readonly #reports = new Map<string, { until: number; report: TurnReport }>();
  readonly #samples: TurnSample[] = [];
  #sampledAt = Number.NEGATIVE_INFINITY;
  #version = 0;
  #birth = '';
  /** The birth of the store that was put back into this one. */
  #restored: string | undefined;

  async read(known: Pick<TurnServers, 'version' | 'birth'> | undefined) {
    const version = this.#version;
    const birth = this.#birth;
    if (known?.version === version && known.birth === birth) return undefined;
    return structuredClone({ version, birth, servers: [...this.#servers.values()] });
  }

  async put(server: TurnServer, maxServers: number): Promise<void> {
    if (!this.#servers.has(server.id) && this.#servers.size >= maxServers) throw poolFull();
    this.#seeded.delete(server.id);
    const draining = server.draining ?? this.#servers.get(server.id)?.draining ?? null;
    this.#set({ ...server, draining });
  }

  async seed(servers: readonly TurnServer[], { replace }: { replace: boolean }): Promise<void> {
    const now = performance.now();
    for (const server of servers) {
      const before = this.#servers.get(server.id);
      if (before?.origin === 'operator') continue;
      this.#seeded.set(server.id, now);
      if (before && !replace) continue;
      this.#set({ ...server, draining: before?.draining ?? server.draining });
    }
    for (const [id, at] of this.#seeded) {
      if (now - at >= SEED_TTL_MS) await this.remove(id);
    }
  }

  async setDraining(id: string, draining: TurnServer['draining']): Promise<boolean> {
    const server = this.#servers.get(id);
    if (!server) return false;
    this.#set({ ...server, draining });
    return true;
  }

  async remove(id: string): Promise<boolean> {
    this.#seeded.delete(id);
    if (!this.#servers.delete(id)) return false;
    this.#changed();
    return true;
  }

  async restore({ birth, servers }: TurnServers): Promise<void> {
    // Once is enough: a later caller may know servers that were removed since.
    if (birth === this.#birth || birth === this.#restored) return;
    for (const server of servers) {
      const before = this.#servers.get(server.id);
      const isBetter = server.origin === 'operator' && before?.origin !== 'operator';
      const kept = before && !isBetter ? before : server;
      this.#set({ ...kept, draining: before?.draining ?? server.draining });
      if (kept.origin === 'operator') this.#seeded.delete(server.id);
      else this.#seeded.set(server.id, performance.now());
    }
    this.#restored = birth;
    this.#changed();
  }

  async report(report: TurnReport, ttlMs: number): Promise<void> {
    const until = performance.now() + ttlMs;
    this.#reports.set(report.nodeId, { until, report: structuredClone(report) });
  }

  async reports(): Promise<TurnReport[]> {
    for (const [id, { until }] of this.#reports) {
      if (until <= performance.now()) this.#reports.delete(id);
    }
    return structuredClone([...this.#reports.values()].map(({ report }) => report));
  }

  async sample(sample: TurnSample, everyMs: number): Promise<void> {
    if (performance.now() - this.#sampledAt < everyMs) return;
    this.#sampledAt = performance.now();
    this.#samples.push(structuredClone(sample));
    if (this.#samples.length > SAMPLES_KEPT) this.#samples.shift();
  }

  async samples(): Promise<TurnSample[]> {
    return structuredClone(this.#samples);
  }

  #set(server: TurnServer): void {
    this.#servers.set(server.id, structuredClone(server));
    this.#changed();
  }

  #changed(): void {
    this.#version += 1;
    this.#birth ||= randomUUID();
  }
}

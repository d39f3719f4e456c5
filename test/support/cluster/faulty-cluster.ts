// A cluster that a test makes fail: one call of the store or the bus is refused, late, or done with its
// answer lost.

import type { Cluster, RoomStore } from '../../../server/cluster/cluster.ts';
import { ParleyError } from '../../../shared/errors.ts';

export type Fault = 'refused' | 'delayed' | 'answer lost';
export const FAULTS: readonly Fault[] = ['refused', 'delayed', 'answer lost'];

type Call = (...args: never[]) => Promise<unknown>;

/** How long a delayed call takes: longer than whatever happens beside it. */
const DELAY_MS = 300;

export class FaultyRooms {
  readonly cluster: Cluster;
  /** Names of the calls that were made since `arm`, in order. */
  readonly calls: string[] = [];
  /** Methods that are refused for as long as they are in here. */
  readonly refusing = new Set<keyof RoomStore>();
  #armed: { call: number; fault: Fault } | undefined;
  readonly #holding = new Map<string, { until: Promise<void>; reached: () => void }>();

  constructor(inner: Cluster) {
    const rooms = new Proxy(inner.rooms, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || typeof name !== 'string') return value;
        const call = value.bind(target) as Call;
        return (...args: never[]) => this.#run(name, () => call(...args));
      },
    }) as RoomStore;
    this.cluster = new Proxy(inner, {
      get: (target, name) => {
        if (name === 'rooms') return rooms;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** The call of this number from now on, counted from 0, fails; undefined: none does. */
  arm(call: number | undefined, fault: Fault = 'refused'): void {
    this.calls.length = 0;
    this.#armed = call === undefined ? undefined : { call, fault };
  }

  /**
   * The next call of this method is done, and its answer, or its refusal, held back.
   * @returns when it has been done, and what lets the answer go
   */
  hold(method: keyof RoomStore): { done: Promise<void>; release: () => void } {
    const done = Promise.withResolvers<void>();
    const until = Promise.withResolvers<void>();
    this.#holding.set(method, { until: until.promise, reached: done.resolve });
    return { done: done.promise, release: until.resolve };
  }

  async #run(method: string, call: () => Promise<unknown>): Promise<unknown> {
    const isArmed = this.#armed?.call === this.calls.length;
    const fault = isArmed ? this.#armed?.fault : undefined;
    this.calls.push(method);
    const holding = this.#holding.get(method);
    this.#holding.delete(method);
    const isRefused = fault === 'refused' || this.refusing.has(method as keyof RoomStore);
    if (isRefused) throw new ParleyError('unavailable');
    if (fault === 'delayed') await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
    const calling = call();
    if (holding) {
      await calling.catch(() => {});
      holding.reached();
      await holding.until;
    }
    const answer = await calling;
    if (fault === 'answer lost') throw new ParleyError('unavailable');
    return answer;
  }
}

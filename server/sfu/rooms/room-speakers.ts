// The speakers of a room: merges the reports of this node's routers and of the other nodes.
import type { Resources, Timer } from '../../telemetry/resources.ts';

/** How loud a producer is, in dBov, -127 to 0. */
export interface Volume {
  producerId: string;
  volume: number;
}

export interface RoomSpeakersOptions {
  /** Loudest first, over all that report. */
  onSpeakers(volumes: readonly Volume[]): void;
  resources: Resources;
}

/** Routers report every 300 ms while anybody speaks. Without a report for this long, the last one was lost on the way. */
const STALE_MS = 1_500;

interface Report {
  readonly volumes: readonly Volume[];
  readonly expiry: Timer | undefined;
}

export class RoomSpeakers {
  readonly #options: RoomSpeakersOptions;
  readonly #reports = new Map<string, Report>();

  constructor(options: RoomSpeakersOptions) {
    this.#options = options;
  }

  /**
   * @param origin the router or node that reports
   * @param volumes everybody whom it hears now
   */
  report(origin: string, volumes: readonly Volume[]): void {
    const before = this.#reports.get(origin);
    before?.expiry?.close();
    if (volumes.length === 0) {
      this.#reports.delete(origin);
      if (!before) return;
    } else {
      const expiry = this.#options.resources.after(STALE_MS, () => this.report(origin, []));
      this.#reports.set(origin, { volumes, expiry });
    }
    this.#options.onSpeakers(loudestOf([...this.#reports.values()].map((each) => each.volumes)));
  }

  close(): void {
    for (const { expiry } of this.#reports.values()) expiry?.close();
    this.#reports.clear();
  }
}

/** Loudest first. A producer that several hear counts as loud as the loudest of them says. */
export function loudestOf(reports: readonly (readonly Volume[])[]): Volume[] {
  const volumes = new Map<string, number>();
  for (const { producerId, volume } of reports.flat()) {
    volumes.set(producerId, Math.max(volume, volumes.get(producerId) ?? -Infinity));
  }
  return [...volumes]
    .map(([producerId, volume]) => ({ producerId, volume }))
    .toSorted((a, b) => b.volume - a.volume);
}

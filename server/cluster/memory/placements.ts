// On which nodes the media of a room's participants is.
import type { Placement } from '../cluster.ts';

export class Placements {
  /** It tells sets of nodes apart: it rises when one comes into use or goes out of it. */
  epoch = 0;
  readonly #byParticipant = new Map<string, string>();
  /** How many participants are on each node. */
  readonly #counts = new Map<string, number>();

  get placement(): Placement {
    return { epoch: this.epoch, nodes: Object.fromEntries(this.#counts) };
  }

  get all(): Record<string, string> {
    return Object.fromEntries(this.#byParticipant);
  }

  of(participantId: string): string | undefined {
    return this.#byParticipant.get(participantId);
  }

  isInUse(nodeId: string): boolean {
    return this.#counts.has(nodeId);
  }

  /** @param nodeId undefined: the participant is nowhere any more */
  assign(participantId: string, nodeId: string | undefined): void {
    const before = this.#byParticipant.get(participantId);
    if (before === nodeId) return;
    if (nodeId === undefined) this.#byParticipant.delete(participantId);
    else this.#byParticipant.set(participantId, nodeId);
    const isLeft = before !== undefined && this.#count(before, -1) === 0;
    const isNew = nodeId !== undefined && this.#count(nodeId, 1) === 1;
    if (isLeft || isNew) this.epoch += 1;
  }

  /** @returns how many participants are on the node from now on */
  #count(nodeId: string, more: number): number {
    const now = (this.#counts.get(nodeId) ?? 0) + more;
    if (now > 0) this.#counts.set(nodeId, now);
    else this.#counts.delete(nodeId);
    return now;
  }
}

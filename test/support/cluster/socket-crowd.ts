// Many participants of the protocol alone, in rooms of equal size: they send no media.
import type { JoinResult } from '../../../shared/protocol/protocol.ts';
import { inTurns } from '../process/in-turns.ts';
import { RawClient } from '../server/client.ts';
import type { Owner } from '../server/owned.ts';
import { publication } from '../server/rtp.ts';

export interface CrowdOptions {
  /** The URL of the signalling sockets. */
  url: string;
  participants: number;
  perRoom: number;
  /** Each participant publishes a microphone on every media session that it is offered, as the SDK does. */
  publishing?: boolean;
}

/** Joins under way at once: fast, without a queue that reaches any time limit. */
const JOINS_AT_ONCE = 20;

interface Member {
  readonly client: RawClient;
  readonly joined: JoinResult;
}

export class SocketCrowd {
  readonly #members: readonly Member[];
  readonly #publishing: boolean;
  /** The errors of publications after a move. */
  readonly failures: unknown[] = [];

  private constructor(members: readonly Member[], publishing: boolean) {
    this.#members = members;
    this.#publishing = publishing;
  }

  static async join(
    owner: Owner,
    { url, participants, perRoom, publishing = false }: CrowdOptions,
  ): Promise<SocketCrowd> {
    const members = await inTurns(participants, JOINS_AT_ONCE, async (n): Promise<Member> => {
      const client = await RawClient.open(owner, url);
      const joined = await client.join(`room-${Math.floor(n / perRoom)}`);
      if (publishing) await client.request('publish', publication(joined.media.epoch));
      return { client, joined };
    });
    return new SocketCrowd(members, publishing);
  }

  /** Resolves with the milliseconds from now until the last one was offered a newer media session. */
  async offeredNewMedia(withinMs: number): Promise<number> {
    const startedAt = performance.now();
    const told = await Promise.all(
      this.#members.map((member) => this.#offeredNewMedia(member, startedAt, withinMs)),
    );
    return Math.max(...told);
  }

  /** The newest epoch that each was offered. */
  get epochs(): readonly number[] {
    return this.#members.map(
      ({ client, joined }) => client.events('media').at(-1)?.epoch ?? joined.media.epoch,
    );
  }

  async #offeredNewMedia({ client }: Member, startedAt: number, withinMs: number): Promise<number> {
    const { epoch } = await client.next('media', withinMs);
    const afterMs = performance.now() - startedAt;
    if (this.#publishing) {
      client.request('publish', publication(epoch)).catch((error) => this.failures.push(error));
    }
    return afterMs;
  }
}

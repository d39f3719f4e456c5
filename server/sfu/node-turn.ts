// The relays of this node's participants: grants them, and grants others when those go away.
import type { IceServer } from '../../shared/media/rtp.ts';
import type { TurnStore } from '../cluster/turn.ts';
import type { Config } from '../config/config.ts';
import type { Timer } from '../telemetry/resources.ts';
import type { TurnChooser } from '../turn/pool/choice.ts';
import type { IceServers } from '../turn/pool/credentials.ts';
import type { ConfiguredTurn } from '../turn/pool/environment.ts';
import { NO_GRANT, type TurnGrant, TurnPool } from '../turn/pool/pool.ts';
import { IceTargets } from './checks/ice-target.ts';
import type { ParticipantMedia } from './endpoints/participant-media.ts';
import type { MediaContext } from './endpoints/transport.ts';
import type { NodeRoom } from './rooms/node-room.ts';
import type { LiveWorker } from './workers/worker-pool.ts';

export interface NodeTurnOptions extends MediaContext {
  nodeId: string;
  region: string | undefined;
  store: TurnStore;
  turn: {
    configured: ConfiguredTurn;
    settings: Config['turn'];
    /** Replaces the default choice of servers. */
    choose?: TurnChooser;
  };
  workers(): readonly LiveWorker[];
  rooms(): readonly NodeRoom[];
}

/** A media session that is given relays. */
type Grantee = Pick<ParticipantMedia, 'participantId' | 'closed' | 'turn'>;

/** Sessions that get other servers at once: each may restart ICE, which burdens its server. */
const MOVED_AT_ONCE = 20;
const MOVE_PAUSE_MS = 100;
/** A worker that does anything at all opens a target in milliseconds. */
const TARGET_OPEN_MS = 1_000;
/** A probe that asked for a target has not begun yet. */
const TARGET_MARGIN_MS = 500;

export class NodeTurn {
  readonly #options: NodeTurnOptions;
  readonly #targets: IceTargets;
  #pool: TurnPool | undefined;
  #moving: Timer | undefined;
  #closed = false;

  constructor(options: NodeTurnOptions) {
    const { workers, media, turn, resources } = options;
    this.#options = options;
    const { probeTimeoutMs } = turn.settings;
    this.#targets = new IceTargets({
      ...{ workers, protocols: media.protocols, resources },
      openMs: Math.min(TARGET_OPEN_MS, probeTimeoutMs),
      keptMs: probeTimeoutMs + TARGET_MARGIN_MS,
    });
  }

  /** Resolves when the servers are known. No participant gets a relay before. */
  async start(): Promise<void> {
    const { nodeId, store, region, turn, resources, metrics, log } = this.#options;
    this.#pool = await TurnPool.start({
      ...{ nodeId, store, resources, metrics, log },
      region: region ?? null,
      ...turn,
      target: () => this.#targets.target(),
      holders: () =>
        this.#participants().map((participant) => ({
          servers: participant.turn?.servers ?? [],
          paths: [...participant.paths.values()],
        })),
      onChange: () => this.#moveSoon(),
    });
  }

  /** Grants new credentials, for the same servers as long as those work. */
  grantTo(participant: Grantee): IceServers {
    const pool = this.#pool;
    if (!pool || participant.closed) return { iceServers: [], iceServersExpireAt: null };
    const granted = participant.turn;
    const fresh = pool.grant(participant.participantId, granted?.servers ?? []);
    // No relay is left. Those granted before may still carry packets, and are no worse than none.
    if (fresh.urls.length === 0 && granted && granted.urls.length > 0) {
      return { iceServers: granted.iceServers, iceServersExpireAt: null };
    }
    return this.#record(participant, fresh);
  }

  /** For a network check, which has no media session. */
  iceServers(userId: string): IceServer[] {
    const grant = this.#pool?.grant(userId, []);
    if (!grant) return [];
    this.#pool?.granted(grant, []);
    return grant.iceServers;
  }

  /** A TURN server refused this client. */
  refused(participant: ParticipantMedia, url: string, code: number): void {
    if (participant.turn) this.#pool?.refused(participant.turn, url, code);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#moving?.close();
    await this.#pool?.close();
    this.#targets.close();
  }

  #record(participant: Grantee, grant: TurnGrant): IceServers {
    const { servers, urls, secrets, ...offer } = grant;
    const before = participant.turn?.servers ?? [];
    this.#pool?.released(before.filter((id) => !servers.includes(id)));
    this.#pool?.granted(grant, before);
    const { iceServers } = offer;
    participant.turn = {
      servers,
      urls,
      secrets,
      iceServers,
      release: () => this.#pool?.released(servers),
    };
    return offer;
  }

  #participants(): ParticipantMedia[] {
    return this.#options.rooms().flatMap(({ participants }) => participants);
  }

  #moveSoon(): void {
    if (this.#moving || this.#closed || !this.#pool) return;
    this.#moving = this.#options.resources.after(0, () => this.#move());
  }

  /** Grants other relays to participants whose servers are going away, some at a time. */
  #move(): void {
    this.#moving = undefined;
    const pool = this.#pool;
    if (!pool || this.#closed) return;
    let moved = 0;
    for (const room of this.#options.rooms()) {
      for (const participant of room.participants) {
        const granted = participant.turn ?? NO_GRANT;
        if (participant.closed || !pool.isStale(granted)) continue;
        if (moved >= MOVED_AT_ONCE) {
          this.#moving = this.#options.resources.after(MOVE_PAUSE_MS, () => this.#move());
          return;
        }
        const { participantId, epoch } = participant;
        const fresh = pool.grant(participantId, granted.servers);
        // Without a better relay the participant keeps the one it has.
        if (fresh.urls.length === 0 || pool.isStale(fresh)) continue;
        if (same(granted.urls, fresh.urls) && same(granted.secrets, fresh.secrets)) continue;
        moved += 1;
        room.publish('iceServers', {
          // A client moves only when it loses an address. A new name or secret for the same address moves
          // nothing.
          ...{ participantId, epoch, move: granted.urls.some((url) => !fresh.urls.includes(url)) },
          ...this.#record(participant, fresh),
        });
      }
    }
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}

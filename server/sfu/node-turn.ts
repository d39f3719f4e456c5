// The relays of this node's people: which each was given, and other ones when those go away.
import type { IceServer } from '../../shared/media/rtp.ts';
import type { TurnStore } from '../cluster/turn.ts';
import type { Config } from '../config/config.ts';
import type { Timer } from '../telemetry/resources.ts';
import type { TurnChooser } from '../turn/pool/choice.ts';
import type { IceServers } from '../turn/pool/credentials.ts';
import type { ConfiguredTurn } from '../turn/pool/environment.ts';
import { NO_GRANT, type TurnGrant, TurnPool } from '../turn/pool/pool.ts';
import { IceTargets } from './checks/ice-target.ts';
import type { ParticipantMedia, PeerContext } from './endpoints/participant-media.ts';
import type { NodeRoom } from './rooms/node-room.ts';
import type { LiveWorker } from './workers/worker-pool.ts';

export interface NodeTurnOptions extends PeerContext {
  nodeId: string;
  region: string | undefined;
  store: TurnStore;
  turn: {
    configured: ConfiguredTurn;
    settings: Config['turn'];
    /** Another way to choose servers. */
    choose?: TurnChooser;
  };
  workers(): readonly LiveWorker[];
  rooms(): readonly NodeRoom[];
}

/** Sessions that are given other servers in one go: each may restart ICE, which its server notices. */
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

  /** The servers are known when this resolves; until then nobody gets any. */
  async start(): Promise<void> {
    const { nodeId, store, region, turn, resources, metrics, log } = this.#options;
    this.#pool = await TurnPool.start({
      ...{ nodeId, store, resources, metrics, log },
      region: region ?? null,
      ...turn,
      target: () => this.#targets.target(),
      holders: () =>
        this.#peers().map((peer) => ({
          servers: peer.turn?.servers ?? [],
          paths: [...peer.paths.values()],
        })),
      onChange: () => this.#moveSoon(),
    });
  }

  /** New credentials, for the servers it has as long as those are good. */
  grantTo(peer: ParticipantMedia): IceServers {
    const pool = this.#pool;
    if (!pool || peer.closed) return { iceServers: [], iceServersExpireAt: null };
    const held = peer.turn;
    const fresh = pool.grant(peer.participantId, held?.servers ?? []);
    // None is left: what they were given before may carry them still, and is no worse than nothing.
    if (fresh.urls.length === 0 && held && held.urls.length > 0) {
      return { iceServers: held.iceServers, iceServersExpireAt: null };
    }
    return this.#hold(peer, fresh);
  }

  /** For somebody who has no media session. */
  iceServers(userId: string): IceServer[] {
    const grant = this.#pool?.grant(userId, []);
    if (!grant) return [];
    this.#pool?.granted(grant, []);
    return grant.iceServers;
  }

  /** A client met a refusal. */
  refused(peer: ParticipantMedia, url: string, code: number): void {
    if (peer.turn) this.#pool?.refused(peer.turn, url, code);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#moving?.close();
    await this.#pool?.close();
    this.#targets.close();
  }

  #hold(peer: ParticipantMedia, grant: TurnGrant): IceServers {
    const { servers, urls, secrets, ...offer } = grant;
    const before = peer.turn?.servers ?? [];
    this.#pool?.released(before.filter((id) => !servers.includes(id)));
    this.#pool?.granted(grant, before);
    const { iceServers } = offer;
    peer.turn = {
      servers,
      urls,
      secrets,
      iceServers,
      release: () => this.#pool?.released(servers),
    };
    return offer;
  }

  #peers(): ParticipantMedia[] {
    return this.#options.rooms().flatMap(({ peers }) => peers);
  }

  #moveSoon(): void {
    if (this.#moving || this.#closed || !this.#pool) return;
    this.#moving = this.#options.resources.after(0, () => this.#move());
  }

  /** Gives others to those whose servers are going away, some at a time. */
  #move(): void {
    this.#moving = undefined;
    const pool = this.#pool;
    if (!pool || this.#closed) return;
    let moved = 0;
    for (const room of this.#options.rooms()) {
      for (const peer of room.peers) {
        const held = peer.turn ?? NO_GRANT;
        if (peer.closed || !pool.isStale(held)) continue;
        if (moved >= MOVED_AT_ONCE) {
          this.#moving = this.#options.resources.after(MOVE_PAUSE_MS, () => this.#move());
          return;
        }
        const { participantId, epoch } = peer;
        const fresh = pool.grant(participantId, held.servers);
        // There may be nothing better than what failed, or nothing at all: then what they have is more.
        if (fresh.urls.length === 0 || pool.isStale(fresh)) continue;
        if (same(held.urls, fresh.urls) && same(held.secrets, fresh.secrets)) continue;
        moved += 1;
        room.publish('iceServers', {
          // Addresses that stay carry what they carry, also by another name or with another secret.
          ...{ participantId, epoch, move: held.urls.some((url) => !fresh.urls.includes(url)) },
          ...this.#hold(peer, fresh),
        });
      }
    }
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}

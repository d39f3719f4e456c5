// One visit to one room: before the call, in it, and after it. Owns the devices and the call.

import { signal } from '@preact/signals';
import type { EmbedOptions } from '../../../shared/embed/options.ts';
import type { ParleyError } from '../../../shared/errors.ts';
import { isGranted } from '../../../shared/room/grants.ts';
import type { Role } from '../../../shared/room/room.ts';
import type { preconnect } from '../../sdk/link/warm-socket.ts';
import type { PreparedCall } from '../../sdk/prepared/prepare-call.ts';
import type { joinCall } from '../../sdk/session/join-call.ts';
import type { Call, JoinOptions, LocalTrackInput } from '../../sdk/session/types.ts';
import { tokenOf } from '../address.ts';
import { reloadForMissingPart } from '../kit/late-part.ts';
import { remembered } from '../kit/storage.ts';
import { LocalMedia } from '../media/local-media.ts';
import type { Preparing } from './preparing.ts';
import { readToken, type TokenClaims } from './token.ts';

export type Phase =
  | { page: 'prejoin'; error: ParleyError | undefined }
  | { page: 'joining' }
  | JoinedPhase;

export type JoinedPhase =
  | { page: 'call'; call: Call }
  /** `error` undefined: the user left. */
  | { page: 'left'; error: ParleyError | undefined };

/** A wait that is shorter than this is not one. */
const JOINING_SHOWN_MS = 100;

export class RoomSession {
  readonly room: string;
  readonly relayOnly: boolean;
  readonly media = new LocalMedia();
  readonly phase = signal<Phase>({ page: 'prejoin', error: undefined });
  readonly name = signal('');
  /** The claims of the invitation. Only the server decides. */
  readonly claims = signal<TokenClaims>({});
  /** What the page around the frame chose, where there is one: then no address has a token. */
  readonly embedding = signal<EmbedOptions | undefined>(undefined);
  #token: string | undefined;
  readonly #loadPage: LoadPage;
  #joining: AbortController | undefined;
  #closed = false;
  /** The code of a call, once it has loaded. */
  #loaded: LoadedCall | undefined;
  readonly #cleanups: (() => void)[] = [];

  /** @param loadPage loads what shows a call, ahead of it */
  constructor(room: string, relayOnly: boolean, loadPage: LoadPage) {
    this.#loadPage = loadPage;
    this.room = room;
    this.relayOnly = relayOnly;
    this.name.value = remembered.name.get();
    this.#readToken();
    const onHash = () => this.#readToken();
    const onHide = () => this.#leaveNow();
    addEventListener('hashchange', onHash);
    addEventListener('pagehide', onHide);
    this.#cleanups.push(
      () => removeEventListener('hashchange', onHash),
      () => removeEventListener('pagehide', onHide),
    );
  }

  get role(): Role {
    return this.claims.value.role ?? 'guest';
  }

  /** A join may follow. One that was clicked is under way, though the page may still show the one before it. */
  get #mayJoin(): boolean {
    return !this.#closed && !this.#joining && this.phase.value.page === 'prejoin';
  }

  /** Opens the devices and loads, meanwhile, what the call needs. */
  prepare(): void {
    if (isGranted(this.role, 'publish')) void this.media.start();
    // A failed download is tried again when it is needed.
    import('../../sdk/session/preload.ts').then(
      ({ preload }) => preload(),
      () => {},
    );
    this.#loadCall().then(
      (loaded) => {
        this.#loaded = loaded;
        // Nobody would take what is prepared after the click, or give it up.
        if (!this.#mayJoin) return;
        loaded.preparing.begin();
        whenIdle(() => {
          if (this.#mayJoin) loaded.warmUpCall(this);
        });
      },
      () => {},
    );
  }

  /** A click on "Join" is near: the handshake of the socket can be over by then. */
  warmUp(): void {
    if (!this.#mayJoin || this.#loaded?.preparing.refresh()) return;
    this.#loaded?.preconnect(location.origin);
  }

  async join(name: string): Promise<void> {
    if (this.#joining) return;
    const joining = new AbortController();
    this.#joining = joining;
    const { signal } = joining;
    const prepared = this.#loaded?.preparing.take();
    const early = this.#loaded?.joinCall(this.#joinOptions(name, signal, prepared));
    early?.catch(() => {});
    // Not in this turn, at whose end the request goes out. A prepared join is mostly over before anybody would see it.
    setTimeout(() => {
      this.name.value = name;
      if (this.claims.value.name === undefined) remembered.name.set(name);
      this.media.rememberSwitches();
    });
    const drawing = setTimeout(() => {
      this.phase.value = { page: 'joining' };
    }, prepared && JOINING_SHOWN_MS);
    try {
      const { joinCall } = this.#loaded ?? (await this.#loadCall());
      const call = await (early ?? joinCall(this.#joinOptions(name, signal)));
      if (signal.aborted) return call.leave();
      this.phase.value = { page: 'call', call };
    } catch (error) {
      if (signal.aborted) return;
      // Any other error is a part of the page that could not be loaded. A newer page may have it.
      const isRefusal = error instanceof Error && error.name === 'ParleyError';
      if (!isRefusal && (await reloadForMissingPart())) return;
      const refused = await asParleyError(error).catch(() => undefined);
      if (signal.aborted) return;
      this.phase.value = { page: 'prejoin', error: refused };
    } finally {
      clearTimeout(drawing);
      // For the one after it.
      if (!signal.aborted) this.#joining = undefined;
    }
  }

  cancelJoin(): void {
    if (this.phase.value.page !== 'joining') return;
    this.#joining?.abort();
    this.#joining = undefined;
    this.phase.value = { page: 'prejoin', error: undefined };
  }

  /** Leaves the call, if this is one. */
  leave(): void {
    const { value } = this.phase;
    if (value.page !== 'call') return;
    value.call.leave();
    this.ended(undefined);
  }

  /** The call is over, for whatever reason. The devices are given back: their lights go out. */
  ended(error: ParleyError | undefined): void {
    if (this.phase.value.page !== 'call') return;
    this.media.release();
    this.phase.value = { page: 'left', error };
  }

  /** Back to the page before the call, with devices as they were left. */
  rejoin(): void {
    this.phase.value = { page: 'prejoin', error: undefined };
    this.prepare();
  }

  close(): void {
    this.#leaveNow();
    this.#closed = true;
    this.media.close();
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }

  async #loadCall(): Promise<LoadedCall> {
    const [{ joinCall }, { preconnect }, { prepareCall }, { Preparing }, warmUpCall] =
      await Promise.all([
        import('../../sdk/session/join-call.ts'),
        import('../../sdk/link/warm-socket.ts'),
        import('../../sdk/prepared/prepare-call.ts'),
        import('./preparing.ts'),
        this.#loadPage(),
      ]);
    const preparing =
      this.#loaded?.preparing ??
      new Preparing(prepareCall, {
        describe: () => this.#callOptions(),
        tracks: () => (this.#areDevicesPending() ? [] : this.#tracks()),
      });
    // The page may have been left meanwhile.
    if (this.#closed) throw new Error('this visit is over');
    return { joinCall, preconnect, preparing, warmUpCall };
  }

  #callOptions() {
    return {
      url: location.origin,
      room: this.room,
      relayOnly: this.relayOnly,
      ...(this.#token === undefined ? {} : { token: this.#token }),
    };
  }

  #areDevicesPending(): boolean {
    const { microphone, camera } = this.media;
    return microphone.pending.value || camera.pending.value;
  }

  #tracks(): LocalTrackInput[] {
    return isGranted(this.role, 'publish') ? this.media.publishable() : [];
  }

  #joinOptions(name: string, abort: AbortSignal, prepared?: PreparedCall): JoinOptions {
    return {
      ...this.#callOptions(),
      name,
      tracks: this.#tracks(),
      signal: abort,
      ...(prepared && { prepared }),
    };
  }

  /** On `pagehide` too, so that the others see us leave at once. */
  #leaveNow(): void {
    this.#joining?.abort();
    this.#joining = undefined;
    this.#loaded?.preparing.close();
    this.leave();
  }

  /** Takes the token out of the address, where a shared screen or a copied address gives it away. */
  #readToken(): void {
    if (this.embedding.value) return;
    const stored = remembered.token(this.room);
    const given = tokenOf(new URL(location.href));
    if (given !== undefined) {
      stored.set(given);
      history.replaceState(history.state, '', location.pathname + location.search);
    }
    this.useToken(given ?? (stored.get() || undefined));
  }

  useToken(token: string | undefined): void {
    if (token === this.#token) return;
    // Prepared again with this one when the join is near.
    this.#loaded?.preparing.close();
    this.#token = token;
    this.claims.value = readToken(token);
    if (this.claims.value.name !== undefined) this.name.value = this.claims.value.name;
    if (this.phase.value.page === 'prejoin')
      this.phase.value = { page: 'prejoin', error: undefined };
  }
}

interface LoadedCall {
  joinCall: typeof joinCall;
  preconnect: typeof preconnect;
  preparing: Preparing;
  /** Draws a call out of sight, so that the real one is drawn faster. */
  warmUpCall(session: RoomSession): void;
}

type LoadPage = () => Promise<LoadedCall['warmUpCall']>;

async function asParleyError(error: unknown): Promise<ParleyError> {
  const { ParleyError } = await import('../../../shared/errors.ts');
  if (error instanceof ParleyError) return error;
  // Only a part of the page that could not be loaded throws anything else.
  return new ParleyError('timeout', {
    message: 'A part of the page could not be loaded. Check the network and try again.',
    cause: error,
  });
}

/** Safari has no such callback; there nothing is known of idle moments. */
function whenIdle(action: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(action);
  else setTimeout(action, 500);
}

// One path of a network check: a connection of its own to the server, and its measurements.

import { CHECK_STREAMS, type CheckPath } from '../../../shared/protocol/check-messages.ts';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';
import { measureQuality } from './echo.ts';
import { answerTo, dtlsParametersOf } from './sdp.ts';
import type { CheckCandidate, PathFailure, PathResult, RelayRefusal } from './types.ts';

/**
 * Long enough for a relay over TLS, which takes several round trips. A network that drops packets never
 * answers.
 */
const CONNECT_MS = 7_000;
/** How long to wait after a relay refused: its other addresses may yet answer. */
const AFTER_REFUSAL_MS = 1_500;
/** No answer (W3C WebRTC, `RTCPeerConnectionIceErrorEvent`). */
const NO_ANSWER = 701;

/** Sends our DTLS fingerprint to the server. */
export type Connect = (params: MethodParams<'checkConnect'>) => Promise<unknown>;

export class PathCheck {
  readonly path: CheckPath;
  readonly #connection: RTCPeerConnection;
  readonly #channels: RTCDataChannel[];
  readonly #gathered = new Set<string>();
  readonly #refusals = new Map<number, RelayRefusal>();
  #relayed = false;
  #iceConnected = false;
  #onChange = () => {};

  /** @throws where the browser cannot parse the path's ICE servers */
  constructor(path: CheckPath) {
    this.path = path;
    const relay = path.kind === 'relay';
    this.#connection = new RTCPeerConnection({
      iceServers: path.iceServers,
      iceTransportPolicy: relay ? 'relay' : 'all',
    });
    this.#channels = CHECK_STREAMS.map((reliability, id) => {
      const options = { negotiated: true, id, ...reliability };
      const channel = this.#connection.createDataChannel(`check-${id}`, options);
      channel.binaryType = 'arraybuffer';
      return channel;
    });
    this.#listen();
  }

  /** The reliable channel. */
  get channel(): RTCDataChannel | undefined {
    return this.#channels[0];
  }

  /** Connects and measures. Never rejects: a failure is the result. */
  async run(connect: Connect, signal: AbortSignal): Promise<PathResult> {
    const startedAt = performance.now();
    let connectMs: number | null = null;
    let failure: PathFailure | null = null;
    let quality: PathResult['quality'] = null;
    try {
      const opened = await this.#open(connect, signal);
      connectMs = performance.now() - startedAt;
      if (opened) quality = await measureQuality(opened, signal);
      else failure = this.#failure();
    } catch {
      failure = 'not-tried';
    }
    const ends = await this.#ends().catch(() => ({ local: null, remote: null }));
    return {
      ...runningPath(this.path),
      state: failure === null ? 'works' : 'fails',
      failure,
      connectMs: failure === null ? connectMs : null,
      quality,
      ...ends,
      gathered: [...this.#gathered],
      refusals: [...this.#refusals.values()],
    };
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
    this.#connection.close();
  }

  /** @returns the channel for measuring; undefined when it did not open in time */
  async #open(connect: Connect, signal: AbortSignal): Promise<RTCDataChannel | undefined> {
    const offer = await this.#connection.createOffer();
    const sdp = offer.sdp ?? '';
    await connect({ id: this.path.id, dtlsParameters: dtlsParametersOf(sdp) });
    const opened = this.#opened(signal);
    await this.#connection.setLocalDescription(offer);
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: answerTo(sdp, this.path) });
    return (await opened) ? this.#channels[1] : undefined;
  }

  /** Resolves when all channels are open, or cannot open any more. */
  #opened(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (opened: boolean) => {
        clearTimeout(timer);
        clearTimeout(early);
        signal.removeEventListener('abort', abort);
        this.#onChange = () => {};
        resolve(opened);
      };
      const abort = () => finish(false);
      const timer = setTimeout(() => finish(false), CONNECT_MS);
      let early: ReturnType<typeof setTimeout> | undefined;
      this.#onChange = () => {
        if (this.#channels.every(({ readyState }) => readyState === 'open')) return finish(true);
        const { connectionState, iceGatheringState } = this.#connection;
        if (connectionState === 'failed') return finish(false);
        // A relay path without a relayed address cannot connect any more.
        const hopeless = this.path.kind === 'relay' && !this.#relayed;
        if (hopeless && (iceGatheringState === 'complete' || this.#refused)) {
          early ??= setTimeout(() => !this.#relayed && finish(false), AFTER_REFUSAL_MS);
        }
      };
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
    });
  }

  #failure(): PathFailure {
    if (this.#iceConnected) return 'handshake';
    if (this.path.kind !== 'relay') return 'blocked';
    if (this.#relayed) return 'relay-cut';
    return this.#refused ? 'relay-refused' : 'relay-silent';
  }

  get #refused(): boolean {
    return [...this.#refusals.keys()].some((code) => code !== NO_ANSWER);
  }

  #listen(): void {
    const connection = this.#connection;
    const changed = () => {
      const { iceConnectionState } = connection;
      if (iceConnectionState === 'connected' || iceConnectionState === 'completed') {
        this.#iceConnected = true;
      }
      this.#onChange();
    };
    connection.addEventListener('icecandidate', ({ candidate }) => {
      const [, protocol, type] = /^candidate:\S+ \d+ (\S+) .* typ (\S+)/.exec(
        candidate?.candidate ?? '',
      ) ?? [undefined, undefined, undefined];
      if (type !== undefined) this.#gathered.add(`${type} ${protocol?.toLowerCase()}`);
      if (type === 'relay') this.#relayed = true;
      changed();
    });
    connection.addEventListener('icecandidateerror', ({ errorCode, errorText }) => {
      // Browsers report it for an IPv6 address of ours and an IPv4 server: no server was asked.
      if (errorCode === NO_ANSWER && /incompatible/i.test(errorText)) return;
      this.#refusals.set(errorCode, { code: errorCode, text: errorText });
      changed();
    });
    for (const event of [
      'iceconnectionstatechange',
      'connectionstatechange',
      'icegatheringstatechange',
    ]) {
      connection.addEventListener(event, changed);
    }
    for (const channel of this.#channels) channel.addEventListener('open', changed);
  }

  /** Both ends of the pair in use, as far as the browser reports them. */
  async #ends(): Promise<{ local: CheckCandidate | null; remote: CheckCandidate | null }> {
    const entries = new Map<string, Record<string, unknown>>();
    (await this.#connection.getStats()).forEach((entry, id) => {
      entries.set(id, entry);
    });
    const all = [...entries.values()];
    const transport = all.find(({ type }) => type === 'transport');
    const pair =
      entries.get(String(transport?.selectedCandidatePairId)) ??
      all.find(
        ({ type, selected, nominated, state }) =>
          type === 'candidate-pair' && (selected || (nominated && state === 'succeeded')),
      );
    const end = (id: unknown) => candidateFrom(entries.get(String(id)));
    return { local: end(pair?.localCandidateId), remote: end(pair?.remoteCandidateId) };
  }
}

/** A path that nothing is known of yet. */
export function runningPath({ id, kind, url, transport }: CheckPath): PathResult {
  return {
    ...{ id, kind, url },
    addresses: transport.iceCandidates.map(({ address, port }) => `${address} port ${port}`),
    state: 'running',
    failure: null,
    connectMs: null,
    quality: null,
    local: null,
    remote: null,
    gathered: [],
    refusals: [],
  };
}

function candidateFrom(entry: Record<string, unknown> | undefined): CheckCandidate | null {
  if (!entry) return null;
  return {
    type: String(entry.candidateType ?? ''),
    protocol: String(entry.relayProtocol ?? entry.protocol ?? ''),
    address: String(entry.address ?? entry.ip ?? ''),
    port: Number(entry.port ?? 0),
  };
}

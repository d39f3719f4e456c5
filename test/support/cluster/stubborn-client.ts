// A client of the protocol that wants to be in a call, as the SDK does: what fails for the moment is asked
// again at once, a lost socket is resumed, a lost session joined anew, and its tracks follow.
import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import { randomId } from '../../../client/sdk/session/ids.ts';
import { ParleyError } from '../../../shared/errors.ts';
import type { JoinResult, MethodParams } from '../../../shared/protocol/protocol.ts';
import { until } from '../process/until.ts';
import { RawClient } from '../server/client.ts';
import type { Owner } from '../server/owned.ts';
import { publication } from '../server/rtp.ts';

export interface StubbornClientOptions {
  owner: Owner;
  room: string;
  name: string;
  token: string;
  /** Of the signalling sockets, the preferred one first. */
  urls: readonly string[];
}

/** A request that was refused, or whose socket was lost, is made this often: a single fault is over by then. */
const ATTEMPTS = 4;
/** The code of a call that failed once, by a fault that is over then: the same request succeeds. */
const ONCE = 'unavailable';
/** The session is over: the client joins anew. */
const SESSION_OVER: ReadonlySet<string> = new Set(['session_lost', 'session_replaced', 'removed']);

export class StubbornClient {
  readonly name: string;
  /** Codes that it was told, in order; `closed`: a socket ended without a word. */
  readonly codes: string[] = [];
  /** What it publishes, by track id. */
  readonly tracks = new Map<string, MethodParams<'publish'>>();
  readonly #options: StubbornClientOptions;
  /** Tracks of others that it was told to receive. */
  readonly receives = new Set<string>();
  /** The media session that each track was published on. */
  readonly #publishedOn = new Map<string, number>();
  #client: RawClient | undefined;
  /** The socket that joined or resumed. */
  #speaking: RawClient | undefined;
  #joined: JoinResult | undefined;
  #epoch = 0;
  #settledOn = 0;
  #version = 0;
  #url = 0;

  constructor(options: StubbornClientOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get participantId(): string {
    assert.ok(this.#joined, `${this.name} is in the call`);
    return this.#joined.participantId;
  }

  /** The socket of now. */
  get client(): RawClient {
    assert.ok(this.#client, `${this.name} has a socket`);
    return this.#client;
  }

  async join(): Promise<void> {
    await this.#insist(async () => {});
  }

  /** Opens another socket and resumes there; the one of before is left as it is. */
  async resumeAt(url: string): Promise<void> {
    this.#url = this.#options.urls.indexOf(url);
    this.#client = undefined;
    await this.join();
  }

  async publish(): Promise<string> {
    const track = publication(this.#epoch);
    this.tracks.set(track.trackId, track);
    await this.#insist(() => this.#publishMissing());
    return track.trackId;
  }

  async mute(trackId: string, muted: boolean): Promise<void> {
    const track = this.tracks.get(trackId);
    assert.ok(track);
    await this.#insist(async (client) => {
      await client.request('mute', { trackId, muted });
    });
    this.tracks.set(trackId, { ...track, muted });
  }

  async unpublish(trackId: string): Promise<void> {
    this.tracks.delete(trackId);
    await this.#insist(async (client) => {
      await client.request('unpublish', { trackId });
    });
  }

  /** Asks for another media session, and publishes on it. */
  async rebuild(): Promise<void> {
    const before = this.#epoch;
    await this.#insist(async (client) => {
      // Of an older session, the request is a repetition.
      if (this.#epoch === before) await client.request('rebuildMedia', { epoch: before });
    });
    await until('another media session', async () => {
      await this.settle();
      assert.notEqual(this.#epoch, before);
    });
  }

  async muteOther(trackId: string): Promise<void> {
    await this.#insist(async (client) => {
      await client.request('muteOther', { trackId });
    });
  }

  /** A host muted it, of which the page was told. */
  heardMute(trackId: string): void {
    const track = this.tracks.get(trackId);
    assert.ok(track);
    this.tracks.set(trackId, { ...track, muted: true });
  }

  async remove(participantId: string): Promise<void> {
    await this.#insist(async (client) => {
      await client.request('remove', { participantId }).catch((error) => {
        // A repetition of what was done already, though its answer was lost.
        if (ParleyError.from(error).code !== 'unknown_participant') throw error;
      });
    });
  }

  async say(text: string): Promise<void> {
    const id = randomId();
    await this.#insist(async (client) => {
      await client.request('chat', { id, text });
    });
  }

  async leave(): Promise<void> {
    await this.#insist(async (client) => {
      await client.request('leave', {});
    });
    await this.#client?.drop();
  }

  /** Comes back if it was sent away, and publishes what the media session of now lacks. */
  async settle(): Promise<void> {
    await this.#insist(() => this.#publishMissing());
  }

  /** Resolves when it was told that a host removed it. */
  async toldOfRemoval(): Promise<void> {
    await this.client.event('bye', ({ error }) => error.code === 'removed');
    await this.client.closing();
  }

  async #insist(action: (client: RawClient) => Promise<void>): Promise<void> {
    let before: string | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        await action(await this.#inCall());
        return;
      } catch (error) {
        const code = codeOf(error);
        this.codes.push(code);
        if (code === ONCE) assert.notEqual(code, before, 'what is told to try again can do so');
        before = code;
        if (SESSION_OVER.has(code)) this.#forget();
        if (code === 'closed' || code === 'shutting_down' || code === 'already_joined') {
          this.#client = undefined;
          this.#url = (this.#url + 1) % this.#options.urls.length;
        }
        if (attempt >= ATTEMPTS) throw error;
      }
    }
  }

  /** A socket that speaks for a session, whatever it takes. */
  async #inCall(): Promise<RawClient> {
    this.#hear();
    const isOpen = this.#client?.socket.readyState === WebSocket.OPEN;
    if (isOpen && this.#client && this.#client === this.#speaking) return this.#client;
    const { owner, urls, room, name, token } = this.#options;
    const client =
      isOpen && this.#client ? this.#client : await RawClient.open(owner, urls[this.#url] ?? '');
    this.#client = client;
    if (this.#joined) {
      const resumed = await client.resume(room, this.#joined, this.#version);
      this.#epoch = resumed.media.epoch;
      this.#receive(resumed.media);
    } else {
      this.#joined = await client.join(room, { name, token });
      this.#epoch = this.#joined.media.epoch;
      this.#settledOn = this.#epoch;
      this.#receive(this.#joined.media);
      this.#version = this.#joined.snapshot.version;
      this.#publishedOn.clear();
    }
    this.#speaking = client;
    await this.#publishMissing();
    return client;
  }

  async #publishMissing(): Promise<void> {
    // The goodbye may have come together with the answer of the resume.
    const goodbye = this.#hear();
    if (goodbye) throw goodbye;
    for (const [trackId, track] of this.tracks) {
      const epoch = this.#epoch;
      if (this.#publishedOn.get(trackId) === epoch) continue;
      const { muted } = track;
      await this.client.request('publish', { ...publication(epoch), trackId, muted });
      this.#publishedOn.set(trackId, epoch);
    }
    if (this.#settledOn === this.#epoch) return;
    // It sends no media, so it has all that it needs of the session of before.
    const epoch = this.#epoch;
    await this.client.request('settled', { epoch });
    this.#settledOn = epoch;
  }

  /** What the server said by itself: of other media sessions, and goodbye. @returns why it said that */
  #hear(): ParleyError | undefined {
    const client = this.#client;
    if (!client) return undefined;
    for (const offer of client.events('media')) {
      this.#epoch = Math.max(this.#epoch, offer.epoch);
      this.#receive(offer);
    }
    for (const told of client.events('consumers')) this.#receive(told);
    const bye = client.events('bye').at(-1);
    if (!bye) return undefined;
    this.#client = undefined;
    this.codes.push(bye.error.code);
    if (bye.reconnect) this.#url = (this.#url + 1) % this.#options.urls.length;
    if (SESSION_OVER.has(bye.error.code)) this.#forget();
    return new ParleyError(bye.error.code);
  }

  #receive({ consumers }: { consumers: readonly { trackId: string }[] }): void {
    for (const { trackId } of consumers) this.receives.add(trackId);
  }

  #forget(): void {
    this.#speaking = undefined;
    this.#joined = undefined;
    this.#publishedOn.clear();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof ParleyError) return error.code;
  // A socket that was refused, or that ended before the answer.
  if (
    error instanceof Error &&
    /closed with|ECONNREFUSED|ECONNRESET|hang up|Unexpected server/.test(error.message)
  ) {
    return 'closed';
  }
  throw error;
}

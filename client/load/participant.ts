// One light participant: joins over a real socket, sends and counts media, and comes back when the socket is lost.
import { ParleyError } from '../../shared/errors.ts';
import { unpacked } from '../../shared/protocol/consumers.ts';
import type { MediaOffer } from '../../shared/protocol/media-messages.ts';
import type {
  EventName,
  EventPayload,
  MethodName,
  MethodParams,
} from '../../shared/protocol/protocol.ts';
import { features } from '../sdk/link/compression.ts';
import { leaveLate } from '../sdk/link/late-leave.ts';
import { Link } from '../sdk/link/link.ts';
import type { Socket } from '../sdk/link/socket.ts';
import { randomId } from '../sdk/session/ids.ts';
import { speaks } from './arrivals.ts';
import { atMost } from './at-most.ts';
import { FollowedRoom } from './followed-room.ts';
import { LIGHT_CAPABILITIES } from './media/descriptions.ts';
import { MediaSessions } from './media/media-sessions.ts';
import { Sender } from './media/sender.ts';
import type { ParticipantOptions } from './participant-options.ts';
import type { ParticipantSample } from './report/summarise.ts';

/** The end of a run does not wait longer for a server that does not answer. */
const LEAVE_MS = 5_000;

export class Participant {
  readonly #options: ParticipantOptions;
  readonly #sender: Sender | undefined;
  readonly #link: Link;
  readonly #room: FollowedRoom;
  #session: Omit<MethodParams<'resume'>, 'version'> | undefined;
  readonly #media: MediaSessions;
  #pending: MediaOffer | undefined;
  readonly #refusedRequests: string[] = [];
  #joining: Promise<void> | undefined;
  #startedMs = 0;
  #joinMs: number | null = null;
  /** When it was first offered something to receive, if that was not there as it came. */
  #offeredMs: number | undefined;
  #firstPacketMs: number | null = null;
  #refusal: string | null = null;
  #lost: string | null = null;
  #resumes = 0;
  #closed = false;

  constructor(options: ParticipantOptions) {
    this.#options = options;
    const { plan, arrival, run, now, onPacket } = options;
    this.#room = new FollowedRoom(plan.layout, arrival.name, () => this.#look());
    if (arrival.role === 'publisher') {
      this.#sender = new Sender({
        run,
        now,
        trackIds: { audio: randomId(), ...(arrival.hasCamera && { video: randomId() }) },
        cname: randomId(),
        speaks: options.speaks ?? (() => speaks(arrival, plan.speakers, now())),
        claim: (trackId) => this.#media.claim(trackId),
        send: (packet) => this.#media.send(packet),
        highestLayer: (trackId) => this.#media.highestLayer(trackId),
      });
    }
    this.#media = new MediaSessions({
      ...{ run, now, sender: this.#sender, onFrame: options.onFrame, isCounted: arrival.isCounted },
      request: (method, params) => this.#request(method, params),
      onPacket: (bytes, travelMs) => {
        this.#firstPacketMs ??= now() - (this.#offeredMs ?? this.#startedMs);
        onPacket(bytes, travelMs);
      },
    });
    this.#link = new Link({
      url: plan.url,
      enter: (socket) => this.#enter(socket),
      onEvent: (event, data) => this.#onEvent(event, data),
      onDown: () => {},
      onUp: () => this.#onUp(),
      onEnded: (error) => this.#end(error),
    });
  }

  /** Whether it was refused, fell out of the call, or left. */
  get hasEnded(): boolean {
    return this.#closed;
  }

  /** Payload alone. */
  get sentBytes(): number {
    return this.#sender?.sentBytes ?? 0;
  }

  /** Never rejects: a refusal is counted. */
  join(): Promise<void> {
    this.#joining = this.#join();
    return this.#joining;
  }

  async #join(): Promise<void> {
    this.#startedMs = this.#options.now();
    try {
      await this.#link.start();
    } catch (error) {
      if (this.#closed) return;
      this.#joinMs = null;
      this.#refusal = ParleyError.from(error).code;
      this.#close();
      // A mistake of this program is no refusal of the server.
      if (!(error instanceof ParleyError)) console.error(error);
    }
  }

  /** Resolves when its join is answered, or is not soon. */
  settled(): Promise<void> {
    return atMost(LEAVE_MS, this.#joining);
  }

  /**
   * Never rejects. Idempotent. A participant that is not {@link settled} may stay in the room until the grace period
   * ends.
   */
  async leave(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const received = await this.#link.leave();
    this.#close();
    if (received || !this.#session) return;
    const session = { ...this.#session, version: this.#room.version };
    await atMost(LEAVE_MS, leaveLate(this.#options.plan.url, session, 0));
  }

  sample(): ParticipantSample {
    const { role, publishersOfRoom, isCounted } = this.#options.arrival;
    return {
      expectsMedia: isCounted && publishersOfRoom > (role === 'publisher' ? 1 : 0),
      joinMs: this.#joinMs,
      firstPacketMs: this.#firstPacketMs,
      refusal: this.#refusal,
      lost: this.#lost,
      resumes: this.#resumes,
      refusedRequests: this.#refusedRequests,
      streams: this.#media.samples(),
      sentPackets: this.#sender?.sentPackets ?? 0,
      missedFrames: this.#sender?.missedFrames ?? 0,
    };
  }

  async #enter(socket: Socket): Promise<void> {
    if (this.#session) {
      const request = { ...this.#session, version: this.#room.version, features: features() };
      const { media, patches, snapshot } = await socket.request('resume', request);
      if (snapshot) this.#room.adopt(snapshot);
      this.#room.follow(patches ?? []);
      this.#resumes++;
      this.#pending = media;
      return;
    }
    const { plan, arrival, now, checkAddresses } = this.#options;
    const answer = await socket.request('join', {
      room: arrival.room,
      name: arrival.name,
      ...(plan.token !== undefined && { token: plan.token }),
      rtpCapabilities: LIGHT_CAPABILITIES,
      features: features(),
    });
    this.#joinMs = now() - this.#startedMs;
    try {
      checkAddresses(answer.media);
    } catch (error) {
      await socket.request('leave', {}).catch(() => {});
      throw error;
    }
    const { participantId, resumeSecret, media, snapshot } = answer;
    const rtpCapabilities = LIGHT_CAPABILITIES;
    this.#session = { room: arrival.room, participantId, resumeSecret, rtpCapabilities };
    this.#room.adopt(snapshot, participantId);
    this.#pending = media;
  }

  /** A socket was entered: goes on with the media session of the answer. */
  #onUp(): void {
    const offer = this.#pending;
    this.#pending = undefined;
    if (!offer) return;
    // The server may have lost what was said on the socket before.
    this.#room.view.forget();
    try {
      this.#take(offer);
      void this.#lookAround();
    } catch (error) {
      void this.#link.leave();
      this.#end(ParleyError.from(error));
    }
  }

  #onEvent<K extends EventName>(event: K, data: EventPayload<K>): void {
    const handle = this.#handlers[event] as ((data: EventPayload<K>) => void) | undefined;
    handle?.(data);
  }

  readonly #handlers: { readonly [K in EventName]?: (data: EventPayload<K>) => void } = {
    patch: (patch) => this.#room.follow([patch]),
    patches: ({ patches }) => this.#room.follow(patches),
    roster: (change) => this.#room.change(change),
    room: ({ snapshot }) => {
      this.#room.adopt(snapshot);
      void this.#lookAround();
    },
    consumers: (event) => {
      const session = this.#media.find(event.epoch);
      if (!session) return;
      this.#offeredMs ??= this.#options.now();
      this.#look(() => session.add(unpacked(event)));
    },
    consumersClosed: ({ epoch, consumerIds: gone }) =>
      this.#media.find(epoch)?.receiver.remove(gone),
    demand: ({ epoch, ...demand }) => this.#media.find(epoch)?.demanded(demand),
    voices: ({ voices }) => this.#choose(voices),
    heard: () => this.#sender?.letGo(),
    media: (offer) => this.#take(offer),
    transportEnded: ({ epoch }) => {
      if (this.#media.newest?.epoch === epoch) this.#request('rebuildMedia', { epoch });
    },
  };

  /** In a large room: gets to know pictures that not everybody knows. */
  async #lookAround(): Promise<void> {
    const query = this.#room.page;
    const page = query && (await this.#link.request('participants', query).catch(() => undefined));
    if (!page || this.#closed) return;
    this.#room.add(page.tracks);
    this.#look();
  }

  #take(offer: MediaOffer): void {
    const isNew = !this.#media.find(offer.epoch);
    const session = this.#media.take(offer);
    if (!session) return;
    this.#choose(offer.voices);
    if (isNew) this.#room.view.forget();
    const consumers = unpacked(offer);
    if (consumers.length > 0) this.#offeredMs ??= this.#startedMs;
    this.#look(() => {
      session.announce();
      session.add(consumers);
    });
  }

  #choose(voices: MediaOffer['voices']): void {
    if (this.#options.holdsBack !== false) this.#sender?.choose(voices);
  }

  /**
   * Asks for the pictures that it looks at.
   *
   * @param take begins to receive them: after the request, or everything would be sent for a moment
   */
  #look(take: () => void = () => {}): void {
    const changes = this.#room.view.changes();
    if (changes.length > 0) {
      const preferences = Object.fromEntries(changes);
      this.#request('subscribe', { preferences, others: 'hidden' });
    }
    take();
    for (const [trackId, { paused }] of changes) {
      const watch = this.#media.newest?.receiver.watchOf(trackId);
      if (paused) watch?.rest();
      else watch?.wake();
    }
  }

  /** A refusal is counted. A lost socket is no refusal: what matters is said again on the next. */
  #request<K extends MethodName>(method: K, params: MethodParams<K>) {
    return this.#link.request(method, params).then(
      () => undefined,
      (cause) => {
        const error = ParleyError.from(cause);
        const passes = error.code === 'unreachable' || error.code === 'stale_epoch';
        if (!passes && !this.#closed) this.#refusedRequests.push(`${error.code} (${method})`);
        return error;
      },
    );
  }

  #end(error: ParleyError): void {
    if (this.#closed) return;
    if (this.#joinMs !== null) this.#lost = error.code;
    this.#close();
  }

  #close(): void {
    this.#closed = true;
    this.#sender?.close();
    this.#link.close();
    this.#media.close();
  }
}

// Enters the room over each new socket: resumes the session, or joins where there is none to resume.
import type { Device } from 'mediasoup-client';
import { ParleyError } from '../../../shared/errors.ts';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import type { JoinResult, MethodParams, MethodResult } from '../../../shared/protocol/protocol.ts';
import { features } from '../link/compression.ts';
import { leaveLate } from '../link/late-leave.ts';
import type { Socket } from '../link/socket.ts';
import type { LoadedDevice } from './preload.ts';
import { Rejoin } from './rejoin.ts';
import type { JoinOptions } from './types.ts';

export interface EntryOptions extends Pick<JoinOptions, 'url' | 'room' | 'name' | 'token'> {
  device: Promise<LoadedDevice>;
  /** The version of the room that we have. */
  version(): number;
  /** A new rejoin token; rejects while there is no link. */
  renew(): Promise<JoinResult['rejoin']>;
  /** What is prepared on this socket, to join with. */
  preparedOn(socket: Socket): Pick<MethodParams<'join'>, 'prepared'>;
  onJoined(answer: JoinResult, device: Device): void;
  onResumed(answer: MethodResult<'resume'>): void;
}

export class SessionEntry {
  readonly #options: EntryOptions;
  readonly #rejoin: Rejoin;
  /** The parameters that resume the session on another socket. */
  #session: Omit<MethodParams<'resume'>, 'version'> | undefined;
  /** How long the server keeps the session without a socket. */
  #gracePeriodMs = 0;

  constructor(options: EntryOptions) {
    this.#options = options;
    this.#rejoin = new Rejoin(options.renew);
    // `enter` awaits the device. Until then its failure must not count as unhandled.
    options.device.catch(() => {});
  }

  /** '' before the first join. */
  get participantId(): string {
    return this.#session?.participantId ?? '';
  }

  async enter(socket: Socket): Promise<void> {
    const { device, rtpCapabilities } = await this.#options.device;
    if (!this.#session) return this.#join(socket, device, rtpCapabilities);
    try {
      const request = {
        ...this.#session,
        version: this.#options.version(),
        features: features(),
      };
      this.#options.onResumed(await socket.request('resume', request));
    } catch (error) {
      if (ParleyError.from(error).code !== 'session_lost') throw error;
      // The server forgot the session (it was restarted, or we were away too long): join again.
      await this.#join(socket, device, rtpCapabilities);
    }
  }

  /** @param received whether the server received the `leave`; if not, it is sent again over another socket */
  onLeft(received: Promise<boolean>): void {
    if (!this.#session) return;
    const session = { ...this.#session, version: this.#options.version() };
    void received.then((wasReceived) => {
      if (!wasReceived) void leaveLate(this.#options.url, session, this.#gracePeriodMs);
    });
  }

  close(): void {
    this.#rejoin.close();
  }

  async #join(socket: Socket, device: Device, rtpCapabilities: RtpCapabilities): Promise<void> {
    const { room, name, token } = this.#options;
    const rejoinToken = this.#rejoin.token;
    const answer = await socket.request('join', {
      ...{ room, name, rtpCapabilities, features: features() },
      ...(token !== undefined && { token }),
      ...(rejoinToken !== undefined && { rejoinToken }),
      ...this.#options.preparedOn(socket),
    });
    this.#rejoin.take(answer.rejoin);
    const { participantId, resumeSecret } = answer;
    this.#session = { room, participantId, resumeSecret, rtpCapabilities };
    this.#gracePeriodMs = answer.gracePeriodMs;
    this.#options.onJoined(answer, device);
  }
}

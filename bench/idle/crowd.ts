// Many participants who publish nothing: each has joined, and says `ping` as often as the SDK does.
import { WebSocket } from 'ws';
import { ROUTER_RTP_CAPABILITIES } from '../../shared/media/media.ts';
import { SUBPROTOCOL } from '../../shared/protocol/protocol.ts';
import { inTurns } from '../../test/support/process/in-turns.ts';

export interface IdleCrowdOptions {
  /** The URL of the signalling sockets. */
  url: string;
  sessions: number;
  perRoom: number;
  /** 0: they never ping, and answer those of the server alone. */
  pingPeriodMs: number;
}

/** Joins under way at once: fast, without a queue that reaches any time limit. */
const JOINS_AT_ONCE = 20;
/** The crowd pings in turns, a part of it at each step, as clients that joined at different times do. */
const STEP_MS = 50;
/** What a browser sends with its handshake, beside what every client sends. */
const HEADERS = {
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-GB,en;q=0.9,de;q=0.8',
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  'user-agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36',
};

export class IdleCrowd {
  readonly #sockets: WebSocket[];
  readonly #timer: NodeJS.Timeout | undefined;
  #nextId = 2;
  #next = 0;
  #due = 0;
  /** Since the crowd is whole: pings sent, their answers, and pings of the server. */
  pings = 0;
  answers = 0;
  pinged = 0;
  /** Sockets that closed. */
  lost = 0;

  private constructor(sockets: WebSocket[], pingPeriodMs: number) {
    this.#sockets = sockets;
    for (const socket of sockets) {
      socket.on('ping', () => {
        this.pinged += 1;
      });
      socket.on('message', (data) => {
        if (String(data).includes('"result"')) this.answers += 1;
      });
      socket.on('close', () => {
        this.lost += 1;
      });
    }
    if (pingPeriodMs > 0) this.#timer = setInterval(() => this.#step(pingPeriodMs), STEP_MS);
  }

  /** @param onProgress called after each join */
  static async join(
    { url, sessions, perRoom, pingPeriodMs }: IdleCrowdOptions,
    onProgress: (joined: number) => void,
  ): Promise<IdleCrowd> {
    let joined = 0;
    const sockets = await inTurns(sessions, JOINS_AT_ONCE, async (n) => {
      const socket = await join(url, `room-${Math.floor(n / perRoom)}`);
      joined += 1;
      onProgress(joined);
      return socket;
    });
    return new IdleCrowd(sockets, pingPeriodMs);
  }

  /** Counts from zero. */
  restart(): void {
    this.pings = 0;
    this.answers = 0;
    this.pinged = 0;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.terminate();
  }

  #step(pingPeriodMs: number): void {
    this.#due += (this.#sockets.length * STEP_MS) / pingPeriodMs;
    for (; this.#due >= 1; this.#due -= 1) {
      this.#sockets[this.#next]?.send(`{"id":${this.#nextId},"method":"ping","params":{}}`);
      this.pings += 1;
      this.#next += 1;
      if (this.#next < this.#sockets.length) continue;
      this.#next = 0;
      this.#nextId += 1;
    }
  }
}

async function join(url: string, room: string): Promise<WebSocket> {
  const socket = new WebSocket(url, [SUBPROTOCOL], {
    headers: { ...HEADERS, origin: new URL(url.replace('ws', 'http')).origin },
    perMessageDeflate: false,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const params = { room, name: 'Somebody', rtpCapabilities: ROUTER_RTP_CAPABILITIES };
  const onMessage = (data: unknown) => {
    const frame = JSON.parse(String(data));
    if (frame.id !== 1) return;
    if (frame.error) reject(new Error(`a join was refused: ${frame.error.code}`));
    else resolve();
  };
  socket.on('open', () => socket.send(JSON.stringify({ id: 1, method: 'join', params })));
  socket.on('message', onMessage);
  socket.on('error', reject);
  socket.once('close', () => reject(new Error('a socket was closed before it had joined')));
  await promise;
  socket.off('message', onMessage);
  return socket;
}

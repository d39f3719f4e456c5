// A TCP relay between a browser and a server, whose connections can be cut, refused and delayed.
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as openSocket, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const LOOPBACK = '127.0.0.1';

export interface Relay extends AsyncDisposable {
  /** The target's address as seen through the relay. */
  readonly url: string;
  /** Connections open now. */
  readonly connections: number;
  /** Connections refused since the start. */
  readonly refused: number;
  /** Ends every connection at once, without a goodbye, and refuses new ones until {@link mend}. */
  cut(): void;
  mend(): void;
  /** Bytes on the current connections are lost, without an end. New connections work. */
  lose(): void;
}

export interface RelayOptions {
  /** Added to each direction, so a round trip takes twice as long. Milliseconds. */
  delayMs?: number;
}

/** @param target an http address on this machine */
export async function startRelay(
  target: string,
  { delayMs = 0 }: RelayOptions = {},
): Promise<Relay> {
  const targetPort = Number(new URL(target).port);
  const open = new Set<Socket>();
  const lines = new Set<Line>();
  let broken = false;
  let refused = 0;

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (broken) {
      refused += 1;
      client.resetAndDestroy();
      return;
    }
    const upstream = openSocket({ port: targetPort, host: LOOPBACK, allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    const line: Line = { lost: false };
    lines.add(line);
    client.once('close', () => lines.delete(line));
    // A connection that breaks on one side is broken on the other; pipeline() sees to that.
    pipeline(client, later(delayMs, line), upstream).catch(() => client.destroy());
    pipeline(upstream, later(delayMs, line), client).catch(() => upstream.destroy());
  });
  server.listen(0, LOOPBACK);
  await once(server, 'listening');

  const cut = () => {
    broken = true;
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    get connections() {
      return open.size / 2;
    },
    get refused() {
      return refused;
    },
    cut,
    mend() {
      broken = false;
    },
    lose() {
      for (const line of lines) line.lost = true;
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Line {
  lost: boolean;
}

/** Hands every chunk on after the delay, in order, without holding back those behind it. */
function later(delayMs: number, line: Line): Transform {
  const timers = new Set<NodeJS.Timeout>();
  const stream: Transform = new Transform({
    transform(chunk, _encoding, done) {
      if (line.lost) return done();
      if (delayMs === 0) return done(null, chunk);
      const timer = setTimeout(() => {
        timers.delete(timer);
        stream.push(chunk);
      }, delayMs);
      timers.add(timer);
      done();
    },
    flush(done) {
      if (delayMs === 0) return done();
      setTimeout(done, delayMs);
    },
    destroy(error, done) {
      for (const timer of timers) clearTimeout(timer);
      done(error);
    },
  });
  return stream;
}

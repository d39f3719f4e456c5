// Heartbeats: one for each interval and socket on the wire, and a dead socket is cut after two of them.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { WebSocket } from 'ws';
import type { Address } from '../../../../server/signaling/socket/addresses.ts';
import {
  Connection,
  type ConnectionHandler,
  type ConnectionOptions,
} from '../../../../server/signaling/socket/connection.ts';
import { Heartbeats } from '../../../../server/signaling/socket/heartbeats.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';

const INTERVAL_MS = 10_000;
/** The SDK's. */
const PING_PERIOD_MS = 5_000;
const PING = Buffer.from('{"id":1,"method":"ping","params":{}}');

let resources: Resources;
let heartbeats: Heartbeats;

beforeEach(() => {
  mock.timers.enable({ apis: ['setInterval'] });
  resources = new Resources();
  heartbeats = new Heartbeats(INTERVAL_MS, resources);
});
afterEach(() => {
  heartbeats.close();
  mock.timers.reset();
});

/** A client's end of a socket. */
class Client extends EventEmitter {
  bufferedAmount = 0;
  pinged = 0;
  answered = 0;
  isCut = false;
  answersPings = true;

  constructor() {
    super();
    const limits = {
      messagesPerSecond: 50,
      messageBurst: 200,
      messageBytes: 65_536,
      sendBufferBytes: 65_536,
      refusedMessages: 500,
    };
    const options = { limits, heartbeats, resources, log: createLogger('silent') };
    const handler = { closed() {} } as unknown as ConnectionHandler;
    new Connection(
      this as unknown as WebSocket,
      { countSocket: () => () => {} } as Address,
      () => handler,
      options as unknown as ConnectionOptions,
    );
  }

  send(): void {
    this.answered += 1;
  }

  ping(): void {
    this.pinged += 1;
    if (this.answersPings) this.emit('pong');
  }

  terminate(): void {
    this.isCut = true;
    this.emit('close');
  }

  /** As the SDK's socket does. */
  sayPing(): void {
    this.emit('message', PING, false);
  }
}

function pass(ms: number, perStep = () => {}): void {
  for (let passed = 0; passed < ms; passed += 500) {
    mock.timers.tick(500);
    perStep();
  }
}

test('one heartbeat, not two: a client that pings is not pinged by the server', () => {
  const client = new Client();
  let passed = 0;
  let pings = 0;
  pass(20 * INTERVAL_MS, () => {
    passed += 500;
    if (passed % PING_PERIOD_MS !== 0) return;
    pings += 1;
    client.sayPing();
  });
  assert.deepEqual(
    { pinged: client.pinged, answered: client.answered, isCut: client.isCut },
    { pinged: 0, answered: pings, isCut: false },
  );
});

test('a client that does not ping by itself is pinged once in each interval', () => {
  const client = new Client();
  pass(20 * INTERVAL_MS);
  assert.deepEqual([client.pinged, client.isCut], [20, false]);
});

test('a client that falls silent is cut within three intervals, whether it pinged before or not', () => {
  const quiet = new Client();
  const chatty = new Client();
  pass(10 * INTERVAL_MS, () => chatty.sayPing());
  for (const client of [quiet, chatty]) client.answersPings = false;
  pass(2 * INTERVAL_MS - 500);
  assert.deepEqual([quiet.isCut, chatty.isCut], [false, false]);
  pass(INTERVAL_MS + 500);
  assert.deepEqual([quiet.isCut, chatty.isCut], [true, true]);
  assert.equal(chatty.pinged, 1, 'it was asked before it was cut');
});

test('a client of which nothing is heard from the beginning is cut too', () => {
  const client = new Client();
  client.answersPings = false;
  pass(3 * INTERVAL_MS - 500);
  assert.equal(client.isCut, false);
  pass(500);
  assert.equal(client.isCut, true);
});

test('a thousand sockets share one timer, and are not pinged in one moment', () => {
  const clients: Client[] = [];
  pass(INTERVAL_MS, () => {
    for (let n = 0; n < 50; n++) clients.push(new Client());
  });
  assert.equal(resources.counts().timer, 1);
  const before = clients.map(({ pinged }) => pinged);
  mock.timers.tick(500);
  const atOnce = clients.filter(({ pinged }, n) => pinged !== before[n]).length;
  assert.equal(atOnce, 50);
  pass(INTERVAL_MS - 500);
  assert.ok(clients.every(({ pinged }, n) => pinged - (before[n] ?? 0) === 1));
});

test('a socket that has closed is pinged no more', () => {
  const client = new Client();
  pass(INTERVAL_MS);
  client.emit('close');
  pass(5 * INTERVAL_MS);
  assert.equal(client.pinged, 1);
});

test('an interval that is shorter than a tick has one part', () => {
  const short = new Heartbeats(100, resources);
  let beats = 0;
  short.add({ beat: () => void beats++ });
  mock.timers.tick(300);
  assert.equal(beats, 3);
  short.close();
});

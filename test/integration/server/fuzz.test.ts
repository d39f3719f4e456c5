// Tens of thousands of hostile messages, while two people talk who must not notice.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { SIGNALING_PATH, SUBPROTOCOL } from '../../../shared/protocol/protocol.ts';
import { until, within } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { hostileFrame, type Loot } from '../../support/server/hostile.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { Parley } from '../../support/server/parley.ts';
import { publication } from '../../support/server/rtp.ts';

const MESSAGES = 24_000;
const ATTACKERS = 8;
/** Sent at a stretch; then the attacker waits until the server has dealt with them. */
const BURST = 200;
const ROOM = 'talk';
/** A reproduction: PARLEY_FUZZ_SEED=… npm run test:integration. */
const SEED = Number(process.env.PARLEY_FUZZ_SEED) || randomInt(2 ** 31);
/** What a Node process may take more after such a storm: heaps grow, and shrink late. */
const MEMORY_GROWTH_BYTES = 200e6;
/** Ids of requests whose answers an attacker looks at; the hostile ones have smaller ids. */
const LAST_ID = Number.MAX_SAFE_INTEGER;
const JOIN_ID = LAST_ID - 1;
const BURST_MS = 60_000;
const STORM_MS = 150_000;

/** So high that what is refused is refused for what it says, not for how much of it there is. */
const GENEROUS = {
  WORKERS: '2',
  MESSAGES_PER_SECOND: '10000',
  MESSAGE_BURST: '10000',
  MAX_REFUSED_MESSAGES: '100000',
  CHAT_MESSAGES_PER_MINUTE: '6000',
  ARRIVAL_BURST_PER_ADDRESS: '1000000',
  MAX_NETWORK_CHECKS_PER_ADDRESS: '100',
  JOINS_PER_MINUTE: '100000',
  PUBLICATIONS_PER_MINUTE: '100000',
  MEDIA_REBUILDS_PER_MINUTE: '100000',
  SNAPSHOTS_PER_MINUTE: '100000',
  ROOM_CHANGES_PER_MINUTE: '100000',
  PREFERENCES_PER_MINUTE: '100000',
  SPEAKING_PER_MINUTE: '100000',
  GRACE_PERIOD_MS: '200',
  LOG_LEVEL: 'warn',
};

/** One socket that means harm. It joins again when the server, or its own nonsense, ended it. */
class Attacker {
  readonly codes = new Map<string, number>();
  sent = 0;
  #socket: WebSocket | undefined;
  /** The epoch of its own media session, without which the media side would never hear of it. */
  #epoch = 1;
  #onSettled: (() => void) | undefined;

  async attack(url: string, loot: Loot, frames: readonly (string | Uint8Array)[]) {
    for (let at = 0; at < frames.length; at += BURST) {
      if (this.#socket?.readyState !== WebSocket.OPEN) this.#socket = await this.#open(url);
      const request = { room: loot.room, name: 'Eve', rtpCapabilities: ROUTER_RTP_CAPABILITIES };
      this.#ask(JOIN_ID, 'join', request);
      await this.#settled();
      for (const frame of frames.slice(at, at + BURST)) {
        const isText = typeof frame === 'string';
        this.#socket?.send(isText ? frame.replaceAll(`${loot.epoch}`, `${this.#epoch}`) : frame);
        this.sent += 1;
      }
      await this.#settled();
    }
    this.#socket?.terminate();
  }

  async #open(url: string): Promise<WebSocket> {
    const socket = new WebSocket(url, [SUBPROTOCOL]);
    socket.on('error', () => {});
    socket.on('message', (data) => this.#read(String(data)));
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('close', () => reject(new Error('the server took no more sockets')));
    });
    socket.once('close', () => this.#onSettled?.());
    return socket;
  }

  /** Requests are answered in order: an answer to ours means that all before it were handled. */
  async #settled(): Promise<void> {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onSettled = resolve;
    this.#ask(LAST_ID, 'snapshot', {});
    await within('the server to deal with a burst', BURST_MS, promise);
  }

  #ask(id: number, method: string, params: unknown): void {
    this.#socket?.send(JSON.stringify({ id, method, params }));
  }

  #read(text: string): void {
    const frame = JSON.parse(text);
    if (frame.id === LAST_ID) this.#onSettled?.();
    if (frame.id === JOIN_ID) this.#epoch = frame.result?.media.epoch ?? this.#epoch;
    const code = frame.error?.code ?? (frame.event ? 'event' : 'ok');
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }
}

test(`${MESSAGES} hostile messages harm nobody`, { timeout: STORM_MS + 60_000 }, async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const server = ownedBy(t).use(await Parley.start(GENEROUS));
  const idle = await server.resources();
  const [ada, ben] = await Promise.all([
    Person.join(t, server.url, ROOM, 'Ada'),
    Person.join(t, server.url, ROOM, 'Ben'),
  ]);
  await Promise.all([ada.sees(ben), ben.hears(ada)]);
  const before = innocent(ada, ben);
  const memoryBefore = await memory(server);

  const loot: Loot = {
    room: ROOM,
    epoch: Date.now(),
    ownTrackIds: ['evil-track-number-1', 'evil-track-number-2'],
    trackIds: before.tracks.map(({ id }) => id),
    participantIds: [ada.participantId, ben.participantId],
  };
  const url = new URL(SIGNALING_PATH, server.url.replace('http', 'ws')).href;
  const frames = fc.sample(hostileFrame(loot), { numRuns: MESSAGES, seed: SEED });
  const share = Math.ceil(frames.length / ATTACKERS);
  const attackers = Array.from({ length: ATTACKERS }, () => new Attacker());
  await within(
    'the storm to pass',
    STORM_MS,
    Promise.all(
      attackers.map((attacker, n) =>
        attacker.attack(url, loot, frames.slice(n * share, (n + 1) * share)),
      ),
    ),
  );

  const sent = attackers.reduce((sum, attacker) => sum + attacker.sent, 0);
  const codes = total(attackers);
  t.diagnostic(`${sent} sent; answered: ${JSON.stringify(Object.fromEntries(codes))}`);
  assert.ok(sent >= 20_000);
  assert.ok((codes.get('bad_message') ?? 0) > 1_000, 'most of it was nonsense, and was told so');
  assert.ok((codes.get('ok') ?? 0) > 100, 'some of it was plausible, and reached the handlers');
  assert.equal(codes.get('internal') ?? 0, 0, 'an `internal` error is a bug of the server');

  // The two who talk: media flows, nothing of theirs was touched, nothing was refused to them.
  await Promise.all([ada.sees(ben), ben.sees(ada), ada.hears(ben)]);
  assert.deepEqual(innocent(ada, ben), before);
  assert.deepEqual([ada.problems, ben.problems], [[], []]);
  assert.deepEqual([ada.states, ben.states], [[], []]);

  // Afterwards a new call works, and nothing is left of the storm.
  const [cem, dia] = await Promise.all([
    Person.join(t, server.url, 'afterwards', 'Cem'),
    Person.join(t, server.url, 'afterwards', 'Dia'),
  ]);
  await Promise.all([cem.sees(dia), dia.hears(cem)]);
  for (const person of [ada, ben, cem, dia]) person.call.leave();
  await until('the server to be idle again', async () => {
    assert.deepEqual(await server.resources(), idle);
  });
  const growth = (await memory(server)) - memoryBefore;
  assert.ok(growth < MEMORY_GROWTH_BYTES, `it takes ${Math.round(growth / 1e6)} MB more`);
  assert.doesNotMatch(server.process.tail(), /nobody listened/);
});

test('at the default limits, a flood ends its own socket and no other', async (t) => {
  const server = ownedBy(t).use(await Parley.start({ WORKERS: '1', LOG_LEVEL: 'warn' }));
  const [ada, ben] = await Promise.all([
    Person.join(t, server.url, ROOM, 'Ada', { share: ['microphone'] }),
    Person.join(t, server.url, ROOM, 'Ben', { share: ['microphone'] }),
  ]);
  const url = new URL(SIGNALING_PATH, server.url.replace('http', 'ws')).href;
  const closed = await flood(t, url);
  assert.equal(closed, 4001);
  await Promise.all([ada.hears(ben), ben.hears(ada)]);
  assert.deepEqual([ada.problems, ben.problems, ada.states, ben.states], [[], [], [], []]);
});

/** @returns the code the server closes with */
async function flood(t: TestContext, url: string): Promise<number> {
  const socket = new WebSocket(url, [SUBPROTOCOL]);
  t.after(() => socket.terminate());
  socket.on('error', () => {});
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.once('open', () => {
    const message = JSON.stringify({ id: 1, method: 'publish', params: publication(1) });
    for (let n = 0; n < 2_000; n++) socket.send(message);
  });
  return within('the flood to be stopped', 30_000, closed);
}

/** What must not change of those who only talk. */
function innocent(ada: Person, ben: Person) {
  const { participants, tracks } = ada.call.room;
  const ids = [ada.participantId, ben.participantId];
  return {
    participants: participants.filter(({ id }) => ids.includes(id)),
    tracks: tracks.filter(({ participantId }) => ids.includes(participantId)),
  };
}

function total(attackers: readonly Attacker[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const { codes } of attackers) {
    for (const [code, count] of codes) sum.set(code, (sum.get(code) ?? 0) + count);
  }
  return sum;
}

async function memory(server: Parley): Promise<number> {
  const samples = await server.metrics();
  const sample = samples.find(({ name }) => name === 'process_resident_memory_bytes');
  assert.ok(sample, 'the server tells how much memory it takes');
  return sample.value;
}

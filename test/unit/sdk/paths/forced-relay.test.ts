// The last step of the recovery forces a relay: for the one media session it is tried with, not for the
// rest of the call.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { Device } from 'mediasoup-client';
import { Retries } from '../../../../client/sdk/link/retries.ts';
import { CodecChoice } from '../../../../client/sdk/media/encodings/codec-choice.ts';
import { LocalTracks } from '../../../../client/sdk/media/local-tracks.ts';
import { MediaKeeper } from '../../../../client/sdk/media/media-keeper.ts';
import type { Request } from '../../../../client/sdk/media/media-session.ts';
import { ParleyError } from '../../../../shared/errors.ts';
import type { IceServer } from '../../../../shared/media/rtp.ts';
import type { MediaOffer } from '../../../../shared/protocol/media-messages.ts';

/** A step, or the time that a first path is given, with all that may be added to it. */
const LONG_MS = 60_000;
const RELAY: IceServer = { urls: ['turn:one.example:3478'], username: 'u', credential: 'c' };

interface Made {
  policy: RTCIceTransportPolicy;
  state(state: string): void;
}

/** A browser whose transports do what the test says. */
class FakeDevice {
  readonly made: Made[] = [];

  createSendTransport = (options: object) => this.#make(options);
  createRecvTransport = (options: object) => this.#make(options);

  #make(options: { iceTransportPolicy?: RTCIceTransportPolicy }) {
    const listeners: ((state: string) => void)[] = [];
    const transport = {
      connectionState: 'new',
      on(event: string, listener: (state: string) => void) {
        if (event === 'connectionstatechange') listeners.push(listener);
      },
      getStats: async () => new Map(),
      close() {},
    };
    this.made.push({
      policy: options.iceTransportPolicy ?? 'all',
      state(state) {
        transport.connectionState = state;
        for (const listener of listeners) listener(state);
      },
    });
    return transport;
  }
}

let device: FakeDevice;
let keeper: MediaKeeper;
let iceServers: IceServer[];
let asked: number;
let refuses: boolean;
let epoch: number;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  device = new FakeDevice();
  iceServers = [RELAY];
  asked = 0;
  refuses = false;
  epoch = 0;
  const request: Request = async (method) => {
    if (method === 'rebuildMedia') asked += 1;
    if (method === 'rebuildMedia' && refuses) throw new ParleyError('timeout');
    return {} as never;
  };
  keeper = new MediaKeeper({
    ...{
      local: new LocalTracks(),
      relayOnly: false,
      codecs: new CodecChoice(),
      retries: new Retries(),
    },
    request,
    onceUp: (action) => action(),
    isUp: () => true,
    streamIdOf: (trackId) => trackId,
    ownerOf: () => undefined,
    stateOf: () => 'sending',
    ...{ onTracks() {}, onRecovering() {}, onPaths() {}, onRefused() {}, onReplaced() {} },
    onProblem(error) {
      throw error;
    },
  });
  keeper.begin(offer(), device as unknown as Device);
});

afterEach(() => {
  keeper.close();
  mock.timers.reset();
});

function offer(): MediaOffer {
  const transport = {} as MediaOffer['send'];
  epoch += 1;
  return {
    ...{ epoch, send: transport, recv: transport, consumers: [] },
    ...{ iceServers, iceServersExpireAt: null },
  };
}

/** The newest path finds nothing until another media session is asked for, which comes then. */
function failsAndIsReplaced(): void {
  fails();
  keeper.take(offer(), new Set());
}

function fails(): void {
  const before = asked;
  device.made.at(-1)?.state('connecting');
  device.made.at(-1)?.state('failed');
  for (let waited = 0; asked === before && waited < LONG_MS; waited += 100) mock.timers.tick(100);
  assert.equal(asked, before + 1, 'nothing was tried');
}

const policies = () => device.made.filter((_, n) => n % 2 === 1).map(({ policy }) => policy);

test('the direct path and the relay are tried in turn', () => {
  for (let n = 0; n < 4; n++) failsAndIsReplaced();
  assert.deepEqual(policies(), ['all', 'all', 'relay', 'all', 'relay']);
});

test('a relay that was forced once is not forced for the rest of the call', () => {
  for (let n = 0; n < 2; n++) failsAndIsReplaced();
  device.made.at(-1)?.state('connected');
  // The server moves the call to another node.
  keeper.take(offer(), new Set());
  assert.deepEqual(policies(), ['all', 'all', 'relay', 'all']);
});

test('a relay that was to be forced is not, when the session comes for another reason', async () => {
  failsAndIsReplaced();
  refuses = true;
  fails();
  // What was asked for is refused a moment later.
  await Promise.resolve();
  await Promise.resolve();
  keeper.take(offer(), new Set());
  assert.deepEqual(policies(), ['all', 'all', 'all']);
});

test('a relay is not forced where there is none', () => {
  failsAndIsReplaced();
  iceServers = [];
  failsAndIsReplaced();
  assert.deepEqual(policies(), ['all', 'all', 'all']);
});

// Rooms full of light participants with cameras in three layers and voices that never pause, and one who records each.
import { randomInt } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Participant } from '../../client/load/participant.ts';
import type { LoadPlan } from '../../client/load/plan.ts';
import { FRAMES_PER_SECOND, PICTURE_LAYERS } from '../../client/load/rtp/picture.ts';
import { VOICE_FRAME_MS } from '../../client/load/rtp/voice.ts';
import { SPATIAL_LAYERS } from '../../shared/media/media.ts';
import { SIGNALING_PATH } from '../../shared/protocol/protocol.ts';
import { until } from '../../test/support/process/until.ts';
import { indexIn } from '../../test/support/recording/recorded.ts';
import { RawClient } from '../../test/support/server/client.ts';
import { type Owner, ownedBy } from '../../test/support/server/owned.ts';

/** As a call of friends: each room has so many pictures, and everybody looks at all the others. */
export const PEOPLE_OF_ROOM = 5;
/** What the load tool makes of a frame: see client/load/rtp/vp8.ts. */
const MOST_OF_FRAME = 1_144;
const CLUSTER = Buffer.from('1f43b675', 'hex');
const HEADER_BYTES = 2_048;
/** After the first files: recorder and demand have settled. */
const SETTLE_MS = 3_000;
const LOOK_MS = 2;
const READY = { withinMs: 120_000 };

const packetsOf = (bitrate: number) =>
  FRAMES_PER_SECOND * Math.ceil(bitrate / 8 / FRAMES_PER_SECOND / MOST_OF_FRAME);
const VOICE_PACKETS = 1_000 / VOICE_FRAME_MS;
const SENT = PICTURE_LAYERS.reduce((sum, { bitrate }) => sum + packetsOf(bitrate), VOICE_PACKETS);
/** Packets a second of a voice and of the largest picture: what is recorded of one. */
export const RECORDED_PACKETS = VOICE_PACKETS + packetsOf(PICTURE_LAYERS.at(-1)?.bitrate ?? 0);
/** The recorded part of all packets that one caller sends. */
export const RECORDED_SHARE = RECORDED_PACKETS / SENT;

/** Bits per second of the picture that is recorded. */
export const PICTURE_BITRATE = PICTURE_LAYERS.at(-1)?.bitrate ?? 0;

export class RecordedRoom {
  readonly #name: string;
  readonly #folder: string;
  readonly #host: RawClient;
  readonly #people: readonly Participant[];
  readonly #received: { packets: number };

  private constructor(
    name: string,
    folder: string,
    host: RawClient,
    people: readonly Participant[],
    received: { packets: number },
  ) {
    this.#name = name;
    this.#folder = folder;
    this.#host = host;
    this.#people = people;
    this.#received = received;
  }

  /** @param url of the server. @param folder RECORD_DIR of it */
  static async open(
    owner: Owner,
    url: string,
    folder: string,
    room: string,
  ): Promise<RecordedRoom> {
    const received = { packets: 0 };
    const people: Participant[] = [];
    for (let place = 0; place < PEOPLE_OF_ROOM; place++) {
      const participant = new Participant({
        plan: planOf(url, room),
        arrival: {
          ...{ atMs: 0, role: 'publisher', hasCamera: true, room, name: `Caller ${place + 1}` },
          ...{ isCounted: true, place, publishersOfRoom: PEOPLE_OF_ROOM },
        },
        run: randomInt(1, 0xffffffff),
        now: () => performance.now(),
        onPacket: () => {
          received.packets++;
        },
        speaks: () => true,
        checkAddresses() {},
      });
      ownedBy(owner).defer(() => participant.leave());
      await participant.join();
      people.push(participant);
    }
    const socket = new URL(SIGNALING_PATH, url.replace('http', 'ws')).href;
    const host = await RawClient.open(owner, socket);
    await host.join(room, { name: 'Host' });
    await watchAll(host);
    return new RecordedRoom(room, folder, host, people, received);
  }

  /** Packets since the beginning: those that the participants sent and received. */
  get packets(): { sent: number; received: number } {
    const sent = this.#people.reduce((sum, one) => sum + one.sample().sentPackets, 0);
    return { sent, received: this.#received.packets };
  }

  /** Frames that this machine was too late to send. */
  get missedFrames(): number {
    return this.#people.reduce((sum, one) => sum + one.sample().missedFrames, 0);
  }

  /** @returns a way to end it, which resolves when the recording is ready */
  async record(): Promise<() => Promise<void>> {
    const { recordingId } = await this.#host.request('startRecording', {});
    const folder = this.#tracks(recordingId);
    await until('all tracks to be recorded', async () => {
      const names = await readdir(folder).catch(() => []);
      const begun = await Promise.all(names.map((name) => hasFrames(path.join(folder, name))));
      const count = begun.filter(Boolean).length;
      if (count < 2 * PEOPLE_OF_ROOM) throw new Error(`${count} of them are`);
    });
    await sleep(SETTLE_MS);
    return async () => {
      await this.#host.request('stopRecording', { recordingId });
      await until(
        'the recording to be ready',
        async () => {
          const entry = (await indexIn(this.#folder)).find(({ id }) => id === recordingId);
          if (entry?.state !== 'ready') throw new Error(`it is ${entry?.state ?? 'not known'}`);
        },
        READY,
      );
    };
  }

  /** Milliseconds from the request, and from its answer, to the first frame that is on the disk. */
  async firstFrame(): Promise<{ sinceAskedMs: number; sinceBegunMs: number }> {
    const askedAt = performance.now();
    const { recordingId } = await this.#host.request('startRecording', {});
    const begunAt = performance.now();
    const folder = this.#tracks(recordingId);
    for (;;) {
      const names = await readdir(folder).catch(() => []);
      const begun = await Promise.all(names.map((name) => hasFrames(path.join(folder, name))));
      if (begun.includes(true)) break;
      await sleep(LOOK_MS);
    }
    const now = performance.now();
    await this.#host.request('stopRecording', { recordingId });
    return { sinceAskedMs: now - askedAt, sinceBegunMs: now - begunAt };
  }

  #tracks(recordingId: string): string {
    return path.join(this.#folder, 'recordings', this.#name, recordingId, 'tracks');
  }
}

/** A cluster is written whole: where one begins, there is a frame. */
async function hasFrames(file: string): Promise<boolean> {
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0);
    return buffer.subarray(0, bytesRead).includes(CLUSTER);
  } catch {
    // It is not there yet.
    return false;
  }
}

/**
 * Has all pictures sent as large as they are recorded, though it receives nothing: the recording itself changes nothing
 * then of what the participants send.
 */
async function watchAll(host: RawClient): Promise<void> {
  const cameras = await until('all cameras', async () => {
    const { tracks } = await host.request('snapshot', {});
    const found = tracks.filter(({ kind }) => kind === 'video');
    if (found.length < PEOPLE_OF_ROOM) throw new Error(`${found.length} are there`);
    return found;
  });
  const whole = { paused: false, spatialLayer: SPATIAL_LAYERS.camera - 1 };
  await host.request('subscribe', {
    preferences: Object.fromEntries(cameras.map(({ id }) => [id, whole])),
  });
}

function planOf(url: string, room: string): LoadPlan {
  return {
    ...{ url, room, token: undefined, publishers: PEOPLE_OF_ROOM, viewers: 0, rooms: 1 },
    ...{ layout: PEOPLE_OF_ROOM - 1, speakers: PEOPLE_OF_ROOM, cameras: PEOPLE_OF_ROOM },
    ...{ called: undefined, counted: PEOPLE_OF_ROOM, rampMs: 0, durationMs: 0, json: false },
    isOwn: true,
    thresholds: {
      ...{ refused: 0, joinP95Ms: 0, firstPacketP95Ms: 0, lossPercent: 0, gapPercent: 0 },
      delayP95Ms: 0,
    },
  };
}

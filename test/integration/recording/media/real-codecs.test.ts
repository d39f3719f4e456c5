// RTP of real encoders, recorded, is read again by ffprobe: codec, size, frames, times, and the pictures themselves.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  av1Payloads,
  ivfFrames,
  obusOf,
  packetsOf,
  vp9Payloads,
} from '../../../unit/recording/media/packets.ts';
import {
  type RecordedFile,
  record,
  streamOptions,
} from '../../../unit/recording/media/recorded.ts';
import { decoded, ffmpeg, ffprobe, sentAsRtp } from './ffmpeg.ts';

const SECONDS = 3;
const PICTURE = ['-f', 'lavfi', '-i', `testsrc2=size=322x242:rate=30:duration=${SECONDS}`];
const LIVE = ['-pix_fmt', 'yuv420p', '-g', '30', '-b:v', '400k'];

interface Scene {
  codec: string;
  file: string;
  encode: string[];
  /** Of the source, for ffmpeg to read. */
  input?: string[];
  name: string;
  extension: 'webm' | 'mkv';
}

const SCENES: Scene[] = [
  {
    codec: 'video/VP8',
    file: 'vp8.webm',
    encode: ['-c:v', 'libvpx', '-deadline', 'realtime', '-auto-alt-ref', '0'],
    name: 'vp8',
    extension: 'webm',
  },
  {
    codec: 'video/VP9',
    file: 'vp9.webm',
    encode: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-auto-alt-ref', '0'],
    name: 'vp9',
    extension: 'webm',
  },
  {
    codec: 'video/H264',
    file: 'h264.h264',
    encode: ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency'],
    input: ['-framerate', '30'],
    name: 'h264',
    extension: 'mkv',
  },
  {
    codec: 'video/H264',
    file: 'baseline.h264',
    encode: [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-tune',
      'zerolatency',
      '-profile:v',
      'baseline',
    ],
    input: ['-framerate', '30'],
    name: 'h264',
    extension: 'mkv',
  },
];

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'parley-recorded-'));
});
after(() => rm(folder, { recursive: true }));

async function written(name: string, file: RecordedFile, parts = file.parts.length) {
  const target = path.join(folder, `${name}-${parts}.${file.open.extension}`);
  await writeFile(target, Buffer.concat(file.parts.slice(0, parts)));
  return target;
}

/** Times are whole milliseconds in a file, so each is within half of one. */
function assertTimes(times: readonly number[], stepMs: number, offsetMs = 0): void {
  times.forEach((time, index) => {
    const wanted = offsetMs + index * stepMs;
    assert.ok(Math.abs(time - wanted) <= 1, `frame ${index} is at ${time} ms, not ${wanted}`);
  });
}

describe('recorded from real encoders', { concurrency: true }, () => {
  for (const { codec, file, encode, input = [], name, extension } of SCENES) {
    test(`${codec} from ${file}: each frame is there, at its time, and the same when decoded`, async () => {
      const source = path.join(folder, file);
      await ffmpeg(...PICTURE, ...LIVE, ...encode, source);
      const from = [...input, '-i', source];
      const datagrams = await sentAsRtp(from, ['-c', 'copy']);
      const files = record(datagrams, streamOptions(codec));
      assert.equal(files.length, 1);
      const [recorded] = files;
      assert.ok(recorded);
      const { open, frames, clocks, losses, close } = recorded;
      assert.equal(losses, 0);
      assert.equal(frames, SECONDS * 30);
      assert.deepEqual([open.width, open.height, open.extension], [322, 242, extension]);
      const target = await written(file, recorded);
      const probed = await ffprobe(target);
      assert.deepEqual([probed.codec, probed.width, probed.height], [name, 322, 242]);
      assert.equal(probed.times.length, SECONDS * 30);
      assert.deepEqual(
        probed.keys.flatMap((key, index) => (key ? [index] : [])),
        [0, 30, 60],
      );
      assertTimes(probed.times, 1_000 / 30);
      const pictures = await decoded(source);
      assert.deepEqual(await decoded(target), pictures);
      assert.ok(Math.abs((close?.durationMs ?? 0) - SECONDS * 1_000) < 2);
      // ffmpeg sends a report before its first packet.
      assert.equal(open.clock, 'sender');
      assert.ok(Math.abs(open.startedAt - (datagrams[1]?.arrivedAt ?? 0)) < 500);
      assert.ok(clocks.length <= 1);
      for (let parts = 2; parts < recorded.parts.length; parts++) {
        const { times } = await ffprobe(await written(file, recorded, parts));
        assert.ok(times.length >= 30 * (parts - 2) && times.length <= 30 * (parts - 1) + 1);
      }
      const lossy = datagrams.filter((_, index) => index !== Math.floor(datagrams.length / 2));
      const [holed] = record(lossy, streamOptions(codec));
      assert.ok(holed && holed.losses === 1 && holed.frames < frames);
      const left = await decoded(await written(`${file}-holed`, holed));
      assert.equal(left.length, holed.frames);
      // Pictures before the loss, and from the next key frame on, are as they were sent.
      const kept = [...pictures.slice(0, left.length - 30), ...pictures.slice(60)];
      assert.deepEqual(left, kept);
    });
  }

  test('AV1, packetized here: each unit is there at its time, and the same when decoded', async () => {
    const source = path.join(folder, 'av1.ivf');
    const encode = ['-c:v', 'libsvtav1', '-preset', '12', '-svtav1-params', 'pred-struct=1'];
    await ffmpeg(...PICTURE, ...LIVE, ...encode, source);
    const units = ivfFrames(await readFile(source));
    const frames = units.map((unit, index) => ({
      payloads: av1Payloads(obusOf(unit), 1_100),
      timestamp: 4_294_900_000 + index * 3_000,
    }));
    const datagrams = packetsOf(frames, 65_530).map((bytes, index) => ({
      bytes,
      arrivedAt: Date.UTC(2026, 10, 28) + index,
    }));
    const [recorded, ...more] = record(datagrams, streamOptions('video/AV1'));
    assert.ok(recorded);
    assert.deepEqual([more.length, recorded.losses, recorded.frames], [0, 0, units.length]);
    const target = await written('av1', recorded);
    const { codec, width, height, times, keys } = await ffprobe(target);
    assert.deepEqual([codec, width, height], ['av1', 322, 242]);
    assert.ok(keys[0]);
    assertTimes(times, 1_000 / 30);
    assert.deepEqual(await decoded(target), await decoded(source));
  });

  test('VP9 in two layers: players get the upper one of each picture', async () => {
    const source = path.join(folder, 'layers.ivf');
    const encode = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-auto-alt-ref', '0'];
    await ffmpeg(...PICTURE, ...LIVE, ...encode, '-cpu-used', '8', source);
    const all = ivfFrames(await readFile(source));
    // A frame stands for the lower layer, and the next one, which needs it, for the upper.
    const frames = Array.from({ length: all.length / 2 }, (_, picture) => ({
      payloads: [0, 1].flatMap((layer) => vp9Payloads(all[2 * picture + layer]!, layer, 1_100)),
      timestamp: picture * 3_000,
    }));
    const datagrams = packetsOf(frames).map((bytes, index) => ({ bytes, arrivedAt: index }));
    const [recorded] = record(datagrams, streamOptions('video/VP9'));
    assert.ok(recorded);
    const target = await written('layers', recorded);
    assert.equal((await ffprobe(target)).times.length, all.length / 2);
    const upper = (await decoded(source, 'libvpx-vp9')).filter((_, index) => index % 2 === 1);
    assert.deepEqual(await decoded(target, 'libvpx-vp9'), upper);
  });

  test('Opus, stereo: each packet is there at its time, and it sounds as long', async () => {
    const sound = ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${SECONDS}`];
    const encode = ['-c:a', 'libopus', '-b:a', '48k', '-ac', '2', '-ar', '48000'];
    const datagrams = await sentAsRtp(sound, encode);
    const [recorded, ...more] = record(datagrams, streamOptions('audio/opus'));
    assert.ok(recorded);
    assert.deepEqual([more.length, recorded.losses], [0, 0]);
    const target = await written('opus', recorded);
    const { codec, times } = await ffprobe(target);
    assert.equal(codec, 'opus');
    assert.equal(times.length, recorded.frames);
    assert.ok(times.length >= SECONDS * 50 && times.length <= SECONDS * 50 + 2);
    // What encoders look ahead is before the beginning.
    assertTimes(times, 20, -6.5);
    const pcm = await ffmpeg('-i', target, '-f', 'framemd5', '-');
    assert.match(pcm, /^#sample_rate 0: 48000$/m);
    assert.match(pcm, /^#channel_layout(_name)? 0: (3|stereo)$/m);
  });
});

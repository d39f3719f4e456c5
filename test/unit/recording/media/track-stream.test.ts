// Segments of a track: when one begins and ends, what its times are, and what is asked of the sender.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StreamOutput, TrackStream } from '../../../../server/recording/media/track-stream.ts';
import { readFile } from './ebml-tree.ts';
import { packetsOf } from './packets.ts';
import {
  brief,
  type Datagram,
  filesOf,
  LIMITS,
  type RecordedFile,
  record,
  streamOptions,
} from './recorded.ts';
import { Sender, START } from './sender.ts';

const VP8 = streamOptions('video/VP8');
const OPUS = streamOptions('audio/opus');
const SMALL = { width: 320, height: 180 };

function received(stream: TrackStream, datagrams: readonly Datagram[]): StreamOutput[] {
  return datagrams.flatMap(({ bytes, arrivedAt }) => stream.receive(bytes, arrivedAt));
}

const blocksOf = (file: RecordedFile) => readFile(Buffer.concat(file.parts)).clusters.flat();
const timesOf = (file: RecordedFile) => blocksOf(file).map(({ time }) => time);

test('a picture begins with its first key frame, which is asked for twice a second at most', () => {
  const sender = new Sender('video');
  const stream = new TrackStream(VP8);
  const before = received(stream, sender.more(33));
  assert.deepEqual(before, [{ do: 'keyframe' }, { do: 'keyframe' }, { do: 'keyframe' }]);
  const [open, ...more] = received(stream, sender.run(10));
  assert.ok(open?.do === 'open');
  assert.deepEqual(
    [open.codec, open.width, open.height, open.extension],
    ['video/VP8', 1280, 720, 'webm'],
  );
  assert.deepEqual(more, []);
});

test('sound begins with its first packet', () => {
  const [file] = record(new Sender('audio').run(100), OPUS);
  assert.ok(file);
  assert.deepEqual([file.frames, file.open.width, file.open.extension], [100, undefined, 'webm']);
  assert.deepEqual(file.close, { do: 'close', why: 'stopped', durationMs: 2_000 });
  assert.deepEqual(
    timesOf(file),
    Array.from({ length: 100 }, (_, index) => index * 20),
  );
  const { track, docType } = readFile(Buffer.concat(file.parts));
  assert.deepEqual([docType, track.get(0x86)?.toString()], ['webm', 'A_OPUS']);
  assert.equal(track.get(0x63a2)?.subarray(0, 8).toString(), 'OpusHead');
  // 312 samples are 6.5 ms.
  assert.equal(track.get(0x56aa)?.readUIntBE(0, 3), 6_500_000);
});

test('block times are those of RTP, across its wrap, in whole milliseconds', () => {
  const [file] = record(new Sender('video', { timestamp: 2 ** 32 - 9_000 }).run(90), VP8);
  assert.ok(file);
  assert.deepEqual(
    timesOf(file),
    Array.from({ length: 90 }, (_, index) => Math.round((index * 100) / 3)),
  );
  assert.ok(blocksOf(file)[30]?.key && !blocksOf(file)[31]?.key);
});

test('a cluster is no longer than it may be, by its media and by the clock', () => {
  const sender = new Sender('video');
  const stream = new TrackStream(VP8);
  const outputs = received(stream, sender.run(45));
  assert.deepEqual(
    outputs.map((each) => each.do),
    ['open', 'append'],
  );
  const append = outputs[1];
  assert.ok(append?.do === 'append');
  assert.deepEqual([append.frames, Math.round(append.mediaMs)], [30, 1_000]);
  assert.deepEqual(stream.tick(sender.now + 200), []);
  const [late] = stream.tick(sender.now + 700);
  assert.ok(late?.do === 'append');
  assert.deepEqual([late.frames, Math.round(late.mediaMs)], [15, 1_500]);
});

test('after a loss frames are dropped until the next key frame, which is asked for', () => {
  const sender = new Sender('video');
  const stream = new TrackStream(VP8);
  const outputs = received(stream, sender.run(10));
  sender.lose(3);
  outputs.push(...received(stream, sender.more(20)), ...received(stream, sender.run(10)));
  outputs.push(...stream.end('unpublished', sender.now));
  const [file, ...more] = filesOf(outputs);
  assert.ok(file);
  assert.deepEqual([file.frames, file.losses, more.length], [20, 3, 0]);
  assert.equal(outputs.filter((each) => each.do === 'keyframe').length, 1);
  const frames = blocksOf(file).map(({ frame, key }) => frame.readUInt32BE(key ? 10 : 3));
  assert.deepEqual(frames, [
    ...Array(10).keys(),
    ...Array.from({ length: 10 }, (_, index) => index + 30),
  ]);
});

test('sound goes on after a loss', () => {
  const sender = new Sender('audio');
  const before = sender.run(10);
  sender.lose(2);
  sender.pass(40);
  const [file] = record([...before, ...sender.run(40)], OPUS);
  assert.deepEqual([file?.frames, file?.losses, file && timesOf(file)[10]], [50, 2, 240]);
});

const CUTS: [string, (sender: Sender) => Datagram[], string[]][] = [
  [
    'another size',
    (sender) => sender.run(30, 30, SMALL),
    ['30 of 1280: size', '30 of 320: stopped'],
  ],
  [
    'timestamps that go back',
    (sender) => {
      sender.pass(0, -60_000);
      return [...sender.more(5), ...sender.run(30)];
    },
    ['30 of 1280: clock', '30 of 1280: stopped'],
  ],
  [
    'timestamps that jump ahead of the clock',
    (sender) => {
      sender.pass(1_000, 7_000);
      return sender.run(30);
    },
    ['30 of 1280: clock', '30 of 1280: stopped'],
  ],
  [
    'timestamps that stood still',
    (sender) => {
      sender.pass(20_000, 33);
      return sender.run(30);
    },
    ['30 of 1280: clock', '30 of 1280: stopped'],
  ],
  [
    'a pause in which the timestamps went on',
    (sender) => {
      sender.pass(600_000);
      return sender.run(30);
    },
    ['60 of 1280: stopped'],
  ],
  [
    'a small step back, as between frames in the order of decoding',
    (sender) => {
      sender.pass(33, -66);
      return sender.run(30);
    },
    ['60 of 1280: stopped'],
  ],
];
for (const [name, next, wanted] of CUTS) {
  test(`${name}: ${wanted.length === 1 ? 'the same file' : 'another file'}`, () => {
    const sender = new Sender('video');
    const files = record([...sender.run(30), ...next(sender)], VP8);
    assert.deepEqual(brief(files), wanted);
    for (const file of files) {
      const times = timesOf(file);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
    }
  });
}

test('a file that is too long ends: sound at once, pictures at a key frame, which is asked for', () => {
  const limits = { ...LIMITS, segmentMs: 2_000 };
  const sound = record(new Sender('audio').run(250), { ...OPUS, limits });
  assert.deepEqual(brief(sound), [
    '100 of sound: length',
    '100 of sound: length',
    '50 of sound: stopped',
  ]);
  const sender = new Sender('video');
  const stream = new TrackStream({ ...VP8, limits });
  const outputs = [...received(stream, sender.run(62, 1_000)), ...received(stream, sender.run(30))];
  outputs.push(...stream.end('stopped', sender.now));
  assert.deepEqual(brief(filesOf(outputs)), ['62 of 1280: length', '30 of 1280: stopped']);
  assert.equal(outputs.filter((each) => each.do === 'keyframe').length, 1);
});

test('another configuration of H264 at the same size is another file', () => {
  const hex = (text: string) => Buffer.from(text, 'hex');
  const sps = '6742c01fd9005005bb0110000003001000000303c0f1832480';
  const frame = (index: number, ...units: string[]) => ({
    payloads: units.map(hex),
    timestamp: index * 3_000,
  });
  const frames = [
    frame(0, sps, '68ce3c80', '65aa'),
    frame(1, '41aa'),
    frame(2, sps, '68ce3880', '65bb'),
  ];
  const datagrams = packetsOf(frames).map((bytes, index) => ({ bytes, arrivedAt: START + index }));
  const files = record(datagrams, streamOptions('video/H264'));
  assert.deepEqual(
    files.map(({ frames, close, open }) => [frames, close?.why, open.extension]),
    [
      [2, 'codec', 'mkv'],
      [1, 'stopped', 'mkv'],
    ],
  );
});

test('a sender without markers: each frame is whole when the next one begins', () => {
  const [file] = record(new Sender('video', { markers: false }).run(30), VP8);
  assert.equal(file?.frames, 29);
});

test('a frame that is too large is dropped, with those that need it', () => {
  const sender = new Sender('video');
  const limits = { ...LIMITS, frameBytes: 20_000 };
  const datagrams = [
    ...sender.run(5),
    ...sender.frame(false, 30_000),
    ...sender.more(5),
    ...sender.run(5),
  ];
  const [file] = record(datagrams, { ...VP8, limits });
  assert.equal(file?.frames, 10);
});

test('other streams and other payloads are left out', () => {
  const datagrams = new Sender('video').run(10);
  assert.deepEqual(record(datagrams, { ...VP8, ssrc: 1 }), []);
  assert.deepEqual(record(datagrams, { ...VP8, payloadType: 97 }), []);
});

test('after an end packets begin another file', () => {
  const sender = new Sender('video');
  const stream = new TrackStream(VP8);
  const outputs = [...received(stream, sender.run(30)), ...stream.end('paused', sender.now)];
  assert.deepEqual(stream.end('paused', sender.now), []);
  sender.pass(5_000);
  outputs.push(...received(stream, sender.run(30)), ...stream.end('stopped', sender.now));
  assert.deepEqual(brief(filesOf(outputs)), ['30 of 1280: paused', '30 of 1280: stopped']);
});

test('a codec that cannot be recorded is refused by name', () => {
  assert.throws(() => new TrackStream({ ...OPUS, codec: 'audio/PCMU' }), {
    name: 'RangeError',
    message: 'audio/PCMU cannot be recorded',
  });
});

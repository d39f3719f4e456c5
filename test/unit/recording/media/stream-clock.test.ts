// Which time of day a file's times are: by the sender's reports, by arrival, and when reports are not believed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, record, streamOptions } from './recorded.ts';
import { Sender, START } from './sender.ts';

const VP8 = streamOptions('video/VP8');
const OPUS = streamOptions('audio/opus');

test('a report from before the first frame gives its time', () => {
  const sender = new Sender('video', { delayMs: 80 });
  const [file] = record([sender.report(), ...sender.run(30)], VP8);
  assert.ok(file && Math.abs(file.open.startedAt - START) < 0.01);
  assert.deepEqual([file.open.clock, file.clocks.length], ['sender', 0]);
});

test('a report from before a wrap of the timestamps does as well', () => {
  const sender = new Sender('video', { timestamp: 2 ** 32 - 100, delayMs: 80 });
  const report = sender.report();
  sender.pass(10);
  const [file] = record([report, ...sender.run(30)], VP8);
  assert.ok(file && Math.abs(file.open.startedAt - START - 10) < 0.05);
});

test('without a report the time of arrival is taken, and the first report tells the truth', () => {
  const sender = new Sender('video', { delayMs: 80 });
  const [file] = record([...sender.run(30), sender.report(), ...sender.run(30)], VP8);
  assert.deepEqual([file?.open.clock, file?.open.startedAt], ['arrival', START + 80]);
  const [clock, ...more] = file?.clocks ?? [];
  assert.ok(clock && Math.abs(clock.utcMs - clock.mediaMs - START) < 0.05);
  assert.ok(clock.mediaMs > 990 && more.length === 0);
});

test('of further reports one in ten seconds is told, and each that moves the clock', () => {
  const sender = new Sender('audio');
  const told = (seconds: number, errorMs: number) =>
    Array.from({ length: seconds }, () => [sender.report(errorMs), ...sender.run(50)]).flat();
  const [file] = record([...told(25, 0), ...told(5, 8), ...told(5, 10)], OPUS);
  const utc = file?.clocks.map(({ utcMs, mediaMs }) => [
    Math.round(mediaMs / 1_000),
    Math.round(utcMs - mediaMs - START) + 0,
  ]);
  assert.deepEqual(utc, [
    [10, 0],
    [20, 0],
    [25, 8],
  ]);
});

test('a report that is an hour off is not believed', () => {
  const sender = new Sender('video');
  const [file] = record(
    [sender.report(3_600_000), ...sender.run(30), sender.report(-3_600_000)],
    VP8,
  );
  assert.deepEqual([file?.open.clock, file?.clocks.length], ['arrival', 0]);
});

test('sound whose timestamps stood still over a pause gets another file, with the right time', () => {
  const sender = new Sender('audio');
  const before = [sender.report(), ...sender.run(100)];
  sender.pass(30_000, 0);
  const files = record([...before, ...sender.run(50)], OPUS);
  assert.deepEqual(brief(files), ['100 of sound: clock', '50 of sound: stopped']);
  assert.deepEqual([files[1]?.open.clock, files[1]?.open.startedAt], ['arrival', START + 32_010]);
});

test('a sender whose reports jump has another clock: the file ends with the next key frame', () => {
  const sender = new Sender('video');
  const datagrams = [
    sender.report(),
    ...sender.run(30),
    sender.report(1_500),
    ...sender.more(10),
    ...sender.run(30),
  ];
  const files = record(datagrams, VP8);
  assert.deepEqual(brief(files).length, 2);
  assert.equal(files[0]?.close?.why, 'clock');
  assert.equal(files[1]?.open.clock, 'sender');
});

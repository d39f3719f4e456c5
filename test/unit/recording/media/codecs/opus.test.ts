// Opus out of RTP: how long packets last, and what is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Opus,
  opusDurationMs,
  opusHead,
} from '../../../../../server/recording/media/codecs/opus.ts';
import { gathered, hex } from './payloads.ts';

const DURATIONS: [string, string, number | undefined][] = [
  ['SILK, 20 ms', '08aa', 20],
  ['SILK, 60 ms', '18aa', 60],
  ['hybrid, 10 ms', '60aa', 10],
  ['CELT, 2.5 ms', '80aa', 2.5],
  ['CELT, 20 ms, as browsers send it', 'fcaa', 20],
  ['two frames', 'f9aabb', 40],
  ['three frames', 'fb03aabbcc', 60],
  ['silence: a first byte alone', 'f8', 20],
  ['nothing', '', undefined],
  ['no frames at all', 'fb00', undefined],
  ['more than 120 ms', '1b03aabb', undefined],
];
for (const [name, packet, wanted] of DURATIONS) {
  test(`how long an Opus packet lasts: ${name}`, () => {
    assert.equal(opusDurationMs(hex(packet)), wanted);
  });
}

test('each packet is a frame, with a marker or without; empty ones are none', () => {
  assert.deepEqual(gathered(new Opus(), ['fcaa', 'fcbb', ''], ['', 'f8'], ['fb00']), [
    { key: true, frame: 'fcaa', durationMs: 20 },
    { key: true, frame: 'fcbb', durationMs: 20 },
    { key: true, frame: 'f8', durationMs: 20 },
    'broken',
  ]);
});

test('OpusHead says channels and pre-skip', () => {
  assert.equal(
    opusHead(2, 312).toString('hex'),
    '4f70757348656164010238018 0bb00000000 00'.replaceAll(' ', ''),
  );
});

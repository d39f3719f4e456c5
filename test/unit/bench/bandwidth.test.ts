// The arithmetic of bench:bandwidth: what flowed between two looks at the counters, and its verdicts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  limitOf,
  type Received,
  received,
  type Sent,
  sent,
} from '../../../bench/bandwidth/flow.ts';
import { filmOf } from '../../../bench/bandwidth/lively-video.ts';
import type { Flows } from '../../../bench/bandwidth/page-scripts.ts';
import { report } from '../../../bench/bandwidth/report.ts';

const flows = (fields: Partial<Flows>): Flows => ({ received: [], sent: [], ...fields });

test('what is received counts pictures that brought something, new ones from nothing', () => {
  const before = flows({
    received: [
      { id: 'a', bytes: 1_000, height: 180 },
      { id: 'b', bytes: 500, height: 180 },
      { id: 'gone', bytes: 9_999, height: 180 },
    ],
  });
  const after = flows({
    received: [
      { id: 'a', bytes: 2_000, height: 180 },
      { id: 'b', bytes: 500, height: 180 },
      { id: 'new', bytes: 4_000, height: 360 },
      { id: 'probator', bytes: 250, height: 0 },
    ],
  });
  assert.deepEqual(received(before, after, 2), {
    kbitPerSecond: 20,
    probingKbit: 1,
    pictures: 2,
    heights: [360, 180],
  });
});

test('what is sent counts frames of all layers, and layers that are not switched off', () => {
  const layer = { height: 180, active: true, limit: 'none' };
  const before = flows({
    sent: [
      { id: '1 r0', bytes: 0, frames: 10, ...layer },
      { id: '1 r1', bytes: 700, frames: 10, ...layer },
      { id: '1 r2', bytes: 0, frames: 0, ...layer, active: false },
    ],
  });
  const after = flows({
    sent: [
      { id: '1 r0', bytes: 1_000, frames: 30, ...layer },
      { id: '1 r1', bytes: 700, frames: 10, ...layer },
      { id: '1 r2', bytes: 0, frames: 0, ...layer, active: false },
    ],
  });
  assert.deepEqual(sent(before, after, 2), {
    kbitPerSecond: 4,
    framesPerSecond: 10,
    sending: 1,
    active: 2,
  });
});

test('a media session that was made anew counts from nothing', () => {
  const layer = { height: 180, active: true, limit: 'none' };
  const before = flows({ sent: [{ id: '1 r0', bytes: 9_000, frames: 900, ...layer }] });
  const after = flows({ sent: [{ id: '2 r0', bytes: 500, frames: 20, ...layer }] });
  assert.equal(sent(before, after, 2).framesPerSecond, 10);
  assert.equal(sent(before, after, 2).kbitPerSecond, 2);
});

test('a limit of a layer that is switched off does not count', () => {
  const layer = { id: 'r0', bytes: 0, frames: 0, height: 180, active: true, limit: 'none' };
  const off = { ...layer, active: false, limit: 'bandwidth' };
  assert.equal(limitOf(flows({ sent: [layer, off] })), 'none');
  assert.equal(limitOf(flows({ sent: [layer, { ...layer, limit: 'cpu' }, off] })), 'cpu');
});

test('each goal is judged at its limit', () => {
  const flow = (kbitPerSecond: number): Received => ({
    kbitPerSecond,
    probingKbit: 0,
    pictures: 1,
    heights: [360],
  });
  const layers = (framesPerSecond: number): Sent => ({
    ...{ kbitPerSecond: framesPerSecond, framesPerSecond, sending: 1, active: 1 },
  });
  const verdicts = (oneLarge: number, hidden: number, unseen: number) =>
    [
      ...report(
        {
          ...{ grid: flow(400), hidden: flow(hidden) },
          turns: [400, oneLarge].map((kbit) => ({
            ...{ allLarge: flow(1_000), oneLarge: flow(kbit), limits: ['none'] },
          })),
        },
        { large: layers(20), unseen: layers(unseen), alone: layers(0) },
        { publishers: 1, height: 360 },
      ).matchAll(/: (met|MISSED)$/gm),
    ].map(([, verdict]) => verdict);
  assert.deepEqual(verdicts(500, 0, 0), ['met', 'met', 'met']);
  assert.deepEqual(verdicts(501, 1, 0.1), ['MISSED', 'MISSED', 'MISSED']);
});

test('a machine that did not encode or decode every picture is named', () => {
  const flow = (pictures: number): Received => {
    return { kbitPerSecond: 1, probingKbit: 0, pictures, heights: Array(pictures).fill(360) };
  };
  const nothing: Sent = { kbitPerSecond: 0, framesPerSecond: 0, sending: 0, active: 0 };
  const published = { large: nothing, unseen: nothing, alone: nothing };
  const text = (oneLarge: number, allLarge = flow(8), limits = ['none', 'none']) =>
    report(
      {
        ...{ grid: flow(8), hidden: flow(0) },
        turns: [{ allLarge, oneLarge: flow(oneLarge), limits }],
      },
      published,
      { publishers: 8, height: 360 },
    );
  assert.doesNotMatch(text(8), /too slow/);
  const small = { ...flow(8), heights: [...Array(7).fill(360), 180] };
  assert.match(
    text(8, small),
    /1\. all large: 1 pictures are below 360 lines\. The machine was too slow/,
  );
  assert.match(
    text(8, flow(8), ['none', 'cpu']),
    /1\. all large: encoders are limited by cpu\. The machine was too slow/,
  );
  assert.match(
    text(7),
    /1\. one large, the others small: 7 of 8 pictures came\. The machine was too slow/,
  );
});

test('the film has whole frames, none like the one before', () => {
  const film = { width: 64, height: 32, framesPerSecond: 10, frames: 3 };
  const bytes = filmOf(film);
  const header = 'YUV4MPEG2 W64 H32 F10:1 Ip A1:1 C420\n';
  assert.equal(bytes.subarray(0, header.length).toString(), header);
  const frameBytes = 'FRAME\n'.length + (64 * 32 * 3) / 2;
  assert.equal(bytes.length, header.length + film.frames * frameBytes);
  const frame = (n: number) =>
    bytes.subarray(header.length + n * frameBytes).subarray(0, frameBytes);
  assert.equal(frame(2).subarray(0, 6).toString(), 'FRAME\n');
  assert.notDeepEqual(frame(0), frame(1));
  assert.deepEqual(filmOf(film), bytes);
});

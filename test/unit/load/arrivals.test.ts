// Arrivals over the ramp, turns to speak, and the pictures that each looks at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arrivals, speaks, TURN_MS } from '../../../client/load/arrivals.ts';
import type { LoadPlan } from '../../../client/load/plan.ts';
import { layerOf, View, wants } from '../../../client/load/wants.ts';
import type { Track } from '../../../shared/room/room.ts';

type Crowd = Pick<LoadPlan, 'publishers' | 'viewers' | 'rooms' | 'rampMs'>;

function planOf(crowd: Crowd): LoadPlan {
  const thresholds = {
    ...{ refused: 0, joinP95Ms: 0, firstPacketP95Ms: 0 },
    ...{ lossPercent: 0, gapPercent: 0, delayP95Ms: 0 },
  };
  return {
    ...{ url: 'http://localhost', room: 'r', token: undefined, layout: 1, speakers: 1 },
    ...{ cameras: 0, durationMs: 1, json: false, isOwn: false, thresholds },
    ...{ called: undefined, counted: crowd.publishers + crowd.viewers },
    ...crowd,
  };
}

const crowds: fc.Arbitrary<Crowd> = fc
  .record({
    rooms: fc.integer({ min: 1, max: 8 }),
    more: fc.integer({ min: 0, max: 40 }),
    viewers: fc.integer({ min: 0, max: 60 }),
    rampMs: fc.integer({ min: 0, max: 60_000 }),
  })
  .map(({ more, rooms, ...rest }) => ({ ...rest, rooms, publishers: rooms + more }));

test('the first comes at once, the last at the end of the ramp, publishers before viewers', () => {
  const list = arrivals(planOf({ publishers: 2, viewers: 3, rooms: 2, rampMs: 1_000 }));
  assert.deepEqual(
    list.map(({ atMs, name, room }) => [atMs, name, room]),
    [
      [0, 'publisher 1', 'r-1'],
      [250, 'publisher 2', 'r-2'],
      [500, 'viewer 1', 'r-1'],
      [750, 'viewer 2', 'r-2'],
      [1_000, 'viewer 3', 'r-1'],
    ],
  );
});

test('those who arrive first have the cameras', () => {
  const crowd = { publishers: 3, viewers: 1, rooms: 1, rampMs: 0 };
  const list = arrivals({ ...planOf(crowd), cameras: 2 });
  assert.deepEqual(
    list.map(({ hasCamera }) => hasCamera),
    [true, true, false, false],
  );
});

test('those whose packets are counted are spread over all, the first one among them', () => {
  fc.assert(
    fc.property(crowds, fc.nat(), (crowd, some) => {
      const count = crowd.publishers + crowd.viewers;
      const counted = 1 + (some % count);
      const list = arrivals({ ...planOf(crowd), counted });
      const places = list.flatMap(({ isCounted }, index) => (isCounted ? index : []));
      assert.equal(places.length, counted);
      assert.equal(places[0], 0);
      const steps = places.slice(1).map((place, index) => place - (places[index] ?? 0));
      assert.ok(steps.every((step) => Math.abs(step - count / counted) < 1));
    }),
  );
});

test('two runs in one room can be told apart by what their participants are called', () => {
  const crowd = { publishers: 1, viewers: 1, rooms: 1, rampMs: 0 };
  const list = arrivals({ ...planOf(crowd), called: 'listener' });
  assert.deepEqual(
    list.map(({ name }) => name),
    ['listener 1', 'listener 2'],
  );
});

test('all come, in order, evenly over time and rooms', () => {
  fc.assert(
    fc.property(crowds, (crowd) => {
      const list = arrivals(planOf(crowd));
      assert.equal(list.length, crowd.publishers + crowd.viewers);
      const times = list.map(({ atMs }) => atMs);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
      assert.ok(times.every((atMs) => atMs >= 0 && atMs <= crowd.rampMs));
      const rooms = Object.groupBy(
        list.filter(({ role }) => role === 'publisher'),
        ({ room }) => room,
      );
      const sizes = Object.values(rooms).map((members) => members?.length ?? 0);
      assert.equal(sizes.length, crowd.rooms);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      for (const members of Object.values(rooms)) {
        for (const [index, { place, publishersOfRoom }] of members?.entries() ?? []) {
          assert.deepEqual([place, publishersOfRoom], [index, members?.length]);
        }
      }
    }),
  );
});

test('at every moment as many speak as the plan says, and in time everybody does', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.nat(30),
      fc.nat(3_600_000),
      (all, few, atMs) => {
        const speakers = Math.min(all, few);
        const members = Array.from({ length: all }, (_, place) => ({
          place,
          publishersOfRoom: all,
        }));
        const count = (time: number) => members.filter((one) => speaks(one, speakers, time)).length;
        assert.equal(count(atMs), speakers);
        if (speakers === 0) return;
        const begin = members.filter(
          (one) => speaks(one, speakers, atMs + TURN_MS) && !speaks(one, speakers, atMs),
        );
        assert.equal(begin.length, all > speakers ? 1 : 0, 'one after the other');
        const turns = Array.from({ length: all }, (_, turn) => atMs + turn * TURN_MS);
        assert.ok(members.every((one) => turns.some((time) => speaks(one, speakers, time))));
      },
    ),
  );
});

test('the layer follows from how many pictures share the stage', () => {
  const layers = [1, 2, 4, 5, 9, 16, 25].map(layerOf);
  assert.deepEqual(layers, [2, 1, 1, 0, 0, 0, 0]);
});

const cameras = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 30 });

const cameraOf = (id: string, participantId = `owner of ${id}`): Track => ({
  ...{ id, participantId, kind: 'video', source: 'camera', muted: false },
});

test('in a large room only those are named that are looked at, or were', () => {
  const view = new View(4, 'v');
  view.set(
    Array.from({ length: 500 }, (_, n) => cameraOf(`camera-${n}`)),
    'viewer',
  );
  const asked = view.changes();
  assert.equal(asked.length, 4);
  const [[first] = ['']] = asked;
  view.follow({ op: 'leave', participantId: `owner of ${first}` }, 'viewer');
  assert.equal(view.changes().length, 1);
});

test('so many pictures are asked for, and no others', () => {
  fc.assert(
    fc.property(cameras, fc.nat(12), fc.string(), (all, layout, viewer) => {
      const wanted = wants(all, layout, viewer);
      assert.deepEqual([...wanted.keys()].sort(), [...all].sort());
      const shown = [...wanted.values()].filter(({ paused }) => !paused);
      assert.equal(shown.length, Math.min(layout, all.length));
    }),
  );
});

test('a camera that comes displaces one picture at most, and only what changed is asked for', () => {
  fc.assert(
    fc.property(cameras, fc.integer({ min: 1, max: 12 }), fc.string(), (all, layout, viewer) => {
      const view = new View(layout, viewer);
      for (const trackId of all) {
        view.follow({ op: 'publish', track: cameraOf(trackId) }, 'viewer');
        const changes = view.changes();
        assert.ok(changes.length <= 2);
        assert.deepEqual(view.changes(), []);
      }
    }),
  );
});

test('a camera that leaves makes room for another', () => {
  const view = new View(1, 'v');
  const voice = { ...cameraOf('voice'), kind: 'audio', source: 'microphone' } as const;
  view.set([cameraOf('a'), cameraOf('b'), voice, cameraOf('own', 'viewer')], 'viewer');
  const shown = view.changes().find(([, { paused }]) => !paused)?.[0] ?? '';
  const other = shown === 'a' ? 'b' : 'a';
  view.follow({ op: 'unpublish', trackId: shown }, 'viewer');
  assert.deepEqual(view.changes(), [[other, { paused: false, spatialLayer: 2 }]]);
  view.forget();
  assert.equal(view.changes().length, 1);
});

test('participants look at different pictures, so that all cameras are looked at', () => {
  const all = Array.from({ length: 20 }, (_, index) => `camera ${index}`);
  const viewers = Array.from({ length: 60 }, (_, index) => `viewer ${index}`);
  const seen = viewers.flatMap((viewer) =>
    [...wants(all, 4, viewer)].flatMap(([trackId, { paused }]) => (paused ? [] : [trackId])),
  );
  assert.equal(new Set(seen).size, all.length);
});

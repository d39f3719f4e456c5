// Names of objects: never two for one thing, never one for two, and no path that leads elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  filmKey,
  folderOf,
  idOfIndexKey,
  indexKey,
  indexPrefix,
  logKey,
  manifestKey,
  roomPart,
  startOf,
  trackKey,
} from '../../../../server/recording/catalog/keys.ts';
import { cleanRoomName } from '../../../../shared/protocol/text.ts';
import { newRecordingId } from '../../../../shared/recording/recording-id.ts';

const ID = '20261128T184512Z-h7q2m9x4kd';
const THEN = Date.UTC(2026, 10, 28, 18, 45, 12);

/** Room names of every script, and those that are nearly the same. */
const rooms = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
    fc.constantFrom(
      'team',
      'teäm',
      'τεam',
      'приёмная',
      '会議室',
      'ß',
      'ss',
      '𝒶',
      'a'.repeat(64),
      '界'.repeat(64),
    ),
  )
  .map(cleanRoomName)
  .filter((room) => room !== '');
const ids = fc.integer({ min: 0, max: 4_102_444_800_000 }).map(newRecordingId);
const templates = fc.oneof(
  fc.constantFrom(
    'recordings/{room}/{id}',
    '{id}',
    '{room}{id}',
    '{date}/{room}-{id}',
    'index/{room}/{id}.json',
    '{id}/{room}/{date}',
    'x.{id}.y/{room}',
  ),
  fc
    .array(
      fc.array(fc.constantFrom('{room}', '{date}', 'a', '..', '-', '.'), {
        minLength: 1,
        maxLength: 30,
      }),
      { maxLength: 6 },
    )
    .map((parts) => [...parts.map((part) => part.join('')), '{id}'].join('/')),
);

test('two rooms never share a part of a path, and it is short and plain', () => {
  fc.assert(
    fc.property(rooms, rooms, (one, other) => {
      const [a, b] = [roomPart(one), roomPart(other)];
      assert.equal(a === b, one === other);
      assert.match(a, /^[a-z0-9_~-]+$/);
      assert.ok(Buffer.byteLength(a) < 200);
      // A file system that does not tell letters' cases apart keeps them apart too.
      assert.equal(a, a.toLowerCase());
    }),
  );
});

test('a plain name stands as it is; another one can be told by its letters', () => {
  assert.equal(roomPart('team-1_b'), 'team-1_b');
  assert.match(roomPart('réunion'), /^reunion~[0-9a-f]{40}$/);
  assert.match(roomPart('会議室'), /^~[0-9a-f]{40}$/);
});

test('two recordings never share a folder, and none is inside another or inside the index', () => {
  fc.assert(
    fc.property(templates, rooms, rooms, ids, ids, (template, room, otherRoom, id, otherId) => {
      const one = folderOf({ room, id, startedAt: startOf(id) }, template);
      const other = folderOf(
        { room: otherRoom, id: otherId, startedAt: startOf(otherId) },
        template,
      );
      if (id !== otherId) assert.ok(!`${one}/`.startsWith(`${other}/`));
      assert.ok(one.includes(id));
      assert.ok(!one.startsWith('index/'));
      for (const part of one.split('/')) {
        assert.match(part, /^[A-Za-z0-9._~-]+$/);
        assert.doesNotMatch(part, /^\.+$/);
        assert.ok(part.length < 200);
      }
      for (const key of [
        trackKey(one, 'x'.repeat(200)),
        logKey(one, 'x'.repeat(200)),
        filmKey(one, 'f'),
      ]) {
        assert.ok(Buffer.byteLength(key) < 1_024);
        assert.ok(key.startsWith(`${one}/`));
      }
    }),
  );
});

test('the date of a folder is that of its start, in UTC', () => {
  const place = { id: ID, room: 'team', startedAt: THEN };
  assert.equal(folderOf(place, '{date}/{room}-{id}'), `2026-11-28/team-${ID}`);
  assert.equal(folderOf(place, 'recordings/{room}/{id}'), `recordings/team/${ID}`);
  assert.equal(manifestKey(folderOf(place, '{id}')), `${ID}/manifest.jsonl`);
});

test('two processes whose clocks differ find the same folder', () => {
  const place = { id: ID, room: 'team' };
  assert.equal(
    folderOf({ ...place, startedAt: THEN }, '{date}/{id}'),
    folderOf({ ...place, startedAt: THEN + 86_400_000 }, '{date}/{id}'),
  );
});

test('an index key gives its id back, and nothing else is one', () => {
  fc.assert(
    fc.property(rooms, ids, (room, id) => {
      const key = indexKey({ room, id });
      assert.equal(idOfIndexKey(key), id);
      assert.ok(key.startsWith(indexPrefix(room)) && key.startsWith(indexPrefix()));
    }),
  );
  for (const key of [
    'index/team/x.json',
    `index/${ID}.json`,
    `index/a/b/${ID}.json`,
    `recordings/team/${ID}.json`,
    `index/team/${ID}.json.part`,
  ]) {
    assert.equal(idOfIndexKey(key), undefined, key);
  }
});

test('an id says when its recording began, and ids sort by it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (at) => {
      const id = newRecordingId(at);
      assert.match(id, /^\d{8}T\d{6}Z-[0-9a-z]{10}$/);
      assert.equal(startOf(id), Math.floor(at / 1_000) * 1_000);
      assert.ok(newRecordingId(at + 1_000) > id);
    }),
  );
});

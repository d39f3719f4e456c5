// Names of downloads: in any script, good on every system, and never two headers in one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  disposition,
  filmFileName,
  manifestFileName,
  mediaType,
  trackFileName,
} from '../../../../server/api/recordings/file-names.ts';
import { fileOf, THEN } from '../../../support/recording/recordings.ts';

const place = { room: 'réunion', startedAt: THEN };
const film = { layout: 'grid', format: 'mp4', chat: false, name: 'grid-1.mp4', bytes: 1 } as const;

test('a name says room, time, participant and what it is', () => {
  assert.equal(
    trackFileName(place, fileOf(THEN, { participant: '山田 太郎', source: 'screen-audio' })),
    'réunion 2026-11-28 18.45.12 山田 太郎 screen sound.webm',
  );
  assert.equal(filmFileName(place, film), 'réunion 2026-11-28 18.45.12 grid.mp4');
  assert.equal(manifestFileName(place), 'réunion 2026-11-28 18.45.12 manifest.jsonl');
});

test('it is in the header twice: for old programs, and as it is', () => {
  assert.equal(
    disposition('attachment', 'é "a" 5%\\山.mp4'),
    `attachment; filename="e _a_ 5___.mp4"; filename*=UTF-8''%C3%A9%20%22a%22%205%25%5C%E5%B1%B1.mp4`,
  );
  assert.match(
    disposition('inline', "it's (1)*.mp4"),
    /filename\*=UTF-8''it%27s%20%281%29%2A\.mp4$/,
  );
});

test('any participant’s name makes a file name that every system takes, and one header', () => {
  const names = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.constantFrom(
      '../../etc/passwd',
      'a\r\nset-cookie: b',
      '\u202egpj.exe',
      '...',
      '\ud800',
      'CON',
      '"; x="',
    ),
  );
  fc.assert(
    fc.property(names, (participant) => {
      const name = trackFileName(place, fileOf(THEN, { participant }));
      assert.ok(Buffer.byteLength(name) <= 200);
      assert.ok(name.isWellFormed() && name.endsWith('.webm'));
      assert.doesNotMatch(name, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>:"/\\|?*]|^[. ]/u);
      const header = disposition('inline', name);
      assert.match(
        header,
        /^inline; filename="[ !#$&-[\]-~]*"; filename\*=UTF-8''[A-Za-z0-9!~._%-]+$/,
      );
      const [, encoded = ''] = header.split("''");
      assert.equal(decodeURIComponent(encoded), name);
    }),
  );
});

test('a type for each kind of file', () => {
  assert.deepEqual(
    [
      mediaType('a.webm', false),
      mediaType('a.webm', true),
      mediaType('a.MP4', false),
      mediaType('a.mkv', true),
      mediaType('a.html', false),
      mediaType('a', false),
    ],
    [
      'video/webm',
      'audio/webm',
      'video/mp4',
      'audio/x-matroska',
      'application/octet-stream',
      'application/octet-stream',
    ],
  );
});

// The Lua files: each is a script that Redis is given, or a part of one, and takes what its name list says.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { loadScript } from '../../../server/cluster/redis/link/script.ts';
import * as scripts from '../../../server/cluster/redis/scripts.ts';
import { ROOT } from '../../support/server/house.ts';

const FOLDER = path.join(ROOT, 'server/cluster/lua');
const read = (file: string) => readFileSync(path.join(FOLDER, file), 'utf8');

test('a script that unpacks its arguments in another order than it gets them is refused', () => {
  assert.throws(
    () => loadScript('keep-secret', ['secrets'], ['candidate', 'name']),
    /keep-secret\.lua unpacks ARGV as "NAME CANDIDATE", and gets "CANDIDATE NAME"/,
  );
});

test('what a script includes is in it once', () => {
  for (const { text } of Object.values(scripts).flatMap((group) => Object.values(group))) {
    assert.doesNotMatch(text, /@include/);
    assert.ok(text.split('local function int(').length <= 2, text);
  }
});

test('no Lua file is forgotten', () => {
  const files = globSync('**/*.lua', { cwd: FOLDER });
  const included = new Set(
    files.flatMap((file) =>
      [...read(file).matchAll(/^-- @include (\S+)$/gm)].map(([, name = '']) =>
        path.join(path.dirname(file), name),
      ),
    ),
  );
  const sources = globSync('server/cluster/redis/**/*.ts', { cwd: ROOT })
    .map((file) => readFileSync(path.join(ROOT, file), 'utf8'))
    .join('\n');
  const forgotten = files.filter((file) => {
    const name = path.basename(file, '.lua');
    return !included.has(file) && !new RegExp(`['/]${name}'|\\w\\('${name}'`).test(sources);
  });
  assert.deepEqual(forgotten, []);
});

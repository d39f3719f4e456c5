// The house: every folder says what it is, the picture of them is true, and none grows out of hand.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { allCode, codeFiles, foldersOf, ROOT, readmeOf } from '../../support/server/house.ts';
import { circles, importsOf } from '../../support/server/imports.ts';

const MOST_LINES = 300;
const MOST_FILES = 15;
/** They hold no code of their own, or none that a picture of the architecture is about. */
const NOT_IN_THE_PICTURE = /^deploy$|^native\/build\/compat/;

const code = codeFiles();
const folders = foldersOf(code).filter((folder) => !NOT_IN_THE_PICTURE.test(folder));
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

/** The tree in docs/architecture.md: folder → its sentence. */
function picture(): Map<string, string> {
  const page = read('docs/architecture.md');
  const tree = /```\n(shared\/ [\s\S]*?)```/.exec(page)?.[1] ?? '';
  const above: string[] = [];
  const found = new Map<string, string>();
  for (const line of tree.split('\n').filter((text) => text !== '')) {
    const [, indent = '', name = '', sentence = ''] = /^( *)(\S+)\/ +(.+)$/.exec(line) ?? [];
    above.splice(indent.length / 2, Infinity, name);
    found.set(above.join('/'), sentence);
  }
  return found;
}

test('docs/architecture.md draws every folder of code, and none that is not there', () => {
  assert.deepEqual([...picture().keys()].sort(), folders);
});

test('the README of each folder begins with what the picture says of it', () => {
  const drawn = picture();
  for (const folder of folders) {
    const [title, , sentence] = (readmeOf(folder) ?? '').split('\n');
    assert.equal(title, `# ${folder}`, `${folder}/README.md`);
    assert.equal(sentence, drawn.get(folder), `${folder}/README.md`);
  }
});

test('the first file that a README names is there', () => {
  for (const folder of folders) {
    const [, first = ''] = /^- First file to read: `(.+)`\.$/m.exec(readmeOf(folder) ?? '') ?? [];
    assert.ok(first !== '' && existsSync(path.join(ROOT, folder, first)), `${folder}: ${first}`);
  }
});

test('every part says what it may import', () => {
  const parts = folders.filter((folder) => /^(server|client|native)\/|^shared$/.test(folder));
  const silent = parts.filter((folder) => {
    const own = folder.split('/').slice(0, 2).join('/');
    return ![own, own.split('/')[0] ?? ''].some((part) =>
      /^- May import: /m.test(readmeOf(part) ?? ''),
    );
  });
  assert.deepEqual(silent, []);
});

test('no files import each other in a circle, types included', () => {
  const sources = code.filter((file) => /\.tsx?$/.test(file));
  const known = new Set(sources);
  const imports = new Map(
    sources.map((file) => [
      file,
      importsOf(file, read(file))
        .map(({ target }) => target)
        .filter((target) => known.has(target)),
    ]),
  );
  assert.deepEqual(
    circles(imports).map((circle) => circle.join(' → ')),
    [],
  );
});

test('a circle is found', () => {
  const imports = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['b']],
    ['d', []],
  ]);
  assert.deepEqual(circles(imports), [['b', 'c', 'b']]);
});

test(`no file has more than ${MOST_LINES} lines`, () => {
  const long = allCode()
    .map((file) => ({ file, lines: read(file).trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MOST_LINES);
  assert.deepEqual(long, []);
});

test(`no folder holds more than ${MOST_FILES} files of code`, () => {
  const counts = new Map<string, number>();
  for (const file of allCode()) {
    const folder = path.posix.dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  assert.deepEqual(
    [...counts].filter(([, count]) => count > MOST_FILES),
    [],
  );
});

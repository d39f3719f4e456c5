// On a clean machine a part finds what its files run, because it names it.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needsOf } from './needs.ts';
import { PARTS } from './parts.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

function source(file: string): string | undefined {
  const place = path.join(ROOT, file);
  return existsSync(place) ? readFileSync(place, 'utf8') : undefined;
}

for (const part of PARTS) {
  if (part.kind !== 'tests') continue;

  test(`the ${part.name} part names every program and worker that its files use`, () => {
    const files = globSync([...part.files], { cwd: ROOT });
    assert.ok(files.length > 0);
    const unnamed = files.flatMap((file) =>
      [...needsOf(file, source)]
        .filter(([need]) => !part.needs.includes(need))
        .map(([need, user]) => `${file} needs the ${need} (used by ${user})`),
    );
    assert.deepEqual(unnamed, []);
  });

  test(`what the ${part.name} part begins with is there`, () => {
    const files = globSync([...part.files], { cwd: ROOT });
    const first = part.first ?? [];
    const absent = first.filter((name) => !files.some((file) => file.endsWith(`/${name}.test.ts`)));
    assert.deepEqual(absent, []);
  });
}

/** Written so that this file itself does not look as if it ran the program. */
const call = (name: string, argument: string) => `${name}('${argument}');`;

test('what a file needs is found in itself and in the helpers that it runs', () => {
  const files: Record<string, string> = {
    'test/a.test.ts': `import { b } from './support/b.ts';\n${call('programPath', 'firefox')}`,
    'test/support/b.ts': "import { c } from './c.ts';\nimport type { D } from './d.ts';",
    'test/support/c.ts': `export * from './b.ts';\n${call('programPath', 'coturn')}\n// provisionWorker()`,
    'test/support/d.ts': call('programPath', 'nft'),
  };
  assert.deepEqual(
    [...needsOf('test/a.test.ts', (file) => files[file])],
    [
      ['browsers', 'test/a.test.ts'],
      ['turn', 'test/support/c.ts'],
    ],
  );
});

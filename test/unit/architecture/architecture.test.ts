// Who may import whom, as docs and design have it: read from the import statements themselves.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { codeFiles, ROOT, readZones } from '../../support/server/house.ts';
import { importsOf, violations } from '../../support/server/imports.ts';

const ZONES = readZones();
const files = codeFiles().filter((file) => /\.tsx?$/.test(file));

test('no file imports what its part of the project may not know', () => {
  assert.ok(files.length > 60, `${files.length} files were found`);
  const found = files.flatMap((file) =>
    violations(file, readFileSync(path.join(ROOT, file), 'utf8'), ZONES),
  );
  assert.deepEqual(found, []);
});

test('every way to import is read', () => {
  const source = `
    import a from './a.ts';
    import { b,
      type B } from "../b.ts";
    import type { C } from '../../shared/c.ts';
    import * as d from 'node:fs';
    import './effect.ts';
    import fs from 'fs';
    export { e } from './e.ts';
    export * from '@scope/package/deep.js';
    const f = await import('./f.ts');
    const text = 'from here to there';
    // import x from './commented.ts';
    /* import y from './commented.ts'; */
  `;
  assert.deepEqual(
    importsOf('server/sfu/node.ts', source).map(({ target }) => target),
    [
      'server/sfu/a.ts',
      'server/b.ts',
      'shared/c.ts',
      'node:fs',
      'server/sfu/effect.ts',
      'node:fs',
      'server/sfu/e.ts',
      '@scope/package',
      'server/sfu/f.ts',
    ],
  );
});

const FORBIDDEN: readonly [string, string][] = [
  ['shared/room/room.ts', "import { readFile } from 'node:fs/promises';"],
  ['shared/room/room.ts', "import { SETTINGS } from '../../server/config/settings.ts';"],
  ['shared/room/room.ts', "import { signal } from '@preact/signals';"],
  ['shared/room/room.ts', 'const width = window.innerWidth;'],
  ['client/sdk/session/call.ts', "import { render } from 'preact';"],
  ['client/sdk/session/call.ts', "import { Tile } from '../../ui/tile.tsx';"],
  ['client/sdk/session/call.ts', "import { readFile } from 'node:fs/promises';"],
  ['client/ui/app.tsx', "import { loadConfig } from '../../server/config/config.ts';"],
  ['client/ui/app.tsx', "import { Device } from 'mediasoup-client';"],
  ['server/signaling/app.ts', "import { SfuNode } from '../sfu/node.ts';"],
  ['server/signaling/app.ts', "import type { SfuNode } from '../sfu/node.ts';"],
  ['server/signaling/app.ts', "import { createWorker } from 'mediasoup';"],
  ['server/signaling/app.ts', "import type { Router } from 'mediasoup/types';"],
  ['server/signaling/app.ts', "import { loadConfig } from '../config/config.ts';"],
  ['server/sfu/node.ts', "import { Sessions } from '../signaling/session/sessions.ts';"],
  ['server/sfu/node.ts', "import Fastify from 'fastify';"],
  ['server/sfu/node.ts', "const { Sessions } = await import('../signaling/session/sessions.ts');"],
  ['server/sfu/node.ts', 'const port = process.env.PORT;'],
  ['server/entries/compose.ts', 'const config = loadConfig({});'],
  ['server/cluster/memory/memory.ts', "import { createClient } from 'redis';"],
  ['server/room/rules.ts', "import { Session } from '../signaling/session/session.ts';"],
  ['server/turn/pool/credentials.ts', "import { SfuNode } from '../../sfu/node.ts';"],
  ['server/doctor/main.ts', "import { buildWeb } from '../signaling/app.ts';"],
  ['native/build/build.ts', "import { createLogger } from '../../server/telemetry/log.ts';"],
  ['server/sfu/node.ts', "import { until } from '../../test/support/process/until.ts';"],
];

for (const [file, source] of FORBIDDEN) {
  test(`${file} may not contain: ${source}`, () => {
    assert.equal(violations(file, source, ZONES).length, 1);
  });
}

const ALLOWED: readonly [string, string][] = [
  ['shared/room/room.ts', "import * as v from 'valibot';"],
  ['client/sdk/session/call.ts', "import { parse } from '../../../shared/protocol/rpc.ts';"],
  ['client/ui/app.tsx', "import { joinCall } from '../sdk/session/join-call.ts';"],
  ['server/signaling/app.ts', "import type { Config } from '../config/config.ts';"],
  ['server/sfu/node.ts', "import { createWorker } from 'mediasoup';"],
  ['server/cluster/redis/link/redis.ts', "import { createClient } from 'redis';"],
  ['server/entries/all-in-one.ts', 'const config = loadConfig(process.env);'],
  [
    'server/config/config.ts',
    'export function loadConfig(env) {} // the only reader of process.env',
  ],
];

for (const [file, source] of ALLOWED) {
  test(`${file} may contain: ${source}`, () =>
    assert.deepEqual(violations(file, source, ZONES), []));
}

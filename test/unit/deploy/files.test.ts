// Procfile, app.json and Dockerfile: what a platform reads has to fit what is in the repository.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Setting } from '../../../server/config/setting.ts';
import { SETTINGS } from '../../../server/config/settings.ts';

const ROOT = new URL('../../..', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

const NODE = 'node_modules/.bin/node';

/** Commands by the name of their process. */
const procfile = new Map(
  read('Procfile')
    .trim()
    .split('\n')
    .map((line) => {
      const [, name = '', command = ''] = /^([a-z-]+): (.+)$/.exec(line) ?? [];
      return [name, command] as const;
    }),
);

const app = JSON.parse(read('app.json')) as {
  name: string;
  description: string;
  env: Record<string, { description: string; value?: string; generator?: string }>;
  addons: string[];
  formation: Record<string, { quantity: number }>;
};

test('the Procfile has all roles, each a file that exists and is the process itself', () => {
  assert.deepEqual([...procfile.keys()].sort(), ['sfu-rtc', 'web', 'worker']);
  for (const [name, command] of procfile) {
    // `exec`: the shell that a platform puts around it would keep SIGTERM for itself.
    const [, program, file = ''] = /^exec (\S+) (\S+\.ts)$/.exec(command) ?? [];
    assert.equal(program, NODE, name);
    assert.ok(existsSync(new URL(file, ROOT)), `${name}: ${file}`);
  }
});

test('the image has the Node that the Procfile names', () => {
  assert.match(read('Dockerfile'), new RegExp(`ln -sf /usr/local/bin/node ${NODE}\\b`));
});

test('app.json sets what is a setting, to a value that parses, and says why', () => {
  const settings = new Map(
    Object.values(SETTINGS)
      .flatMap((group) => Object.values(group) as Setting<unknown>[])
      .map((setting) => [setting.name, setting]),
  );
  for (const [name, { description, value, generator }] of Object.entries(app.env)) {
    const setting = settings.get(name);
    assert.ok(setting, `${name} is no setting of server/config/`);
    assert.match(description, /^\S.*\.$/, name);
    if (value !== undefined) assert.notEqual(setting.parse(value), undefined, name);
    if (setting.secret) assert.equal(value, undefined, `${name} is a secret`);
    if (generator !== undefined) assert.ok(setting.secret, name);
  }
});

test('the health check of the image is a file that is in it, and asks no fixed address', () => {
  const image = read('Dockerfile');
  const [, file = ''] = /HEALTHCHECK [^\n]*\n\s+CMD \["node", "([^"]+)"\]/.exec(image) ?? [];
  assert.ok(existsSync(new URL(file, ROOT)), file);
  assert.match(image, /^COPY server server$/m);
  assert.doesNotMatch(image, /127\.0\.0\.1/);
});

test('app.json asks for more than one of each that has people, and for the store they share', () => {
  for (const [name, { quantity }] of Object.entries(app.formation)) {
    assert.ok(procfile.has(name), `${name} is not in the Procfile`);
    // One alone has nobody to hand its people to. Jobs wait for a worker to come back.
    assert.ok(quantity > (name === 'worker' ? 0 : 1), name);
  }
  assert.deepEqual(Object.keys(app.formation).sort(), [...procfile.keys()].sort());
  assert.deepEqual(app.addons, ['valkey']);
});

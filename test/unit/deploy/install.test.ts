// `npm ci`, the first command of the README: quiet under an older Node, and it brings one version everywhere.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

interface Lock {
  packages: Record<string, { version?: string; os?: unknown; bin?: Record<string, string> }>;
}

const manifest = JSON.parse(read('package.json')) as {
  engines: { node: string };
  optionalDependencies: Record<string, string>;
};
const lock = JSON.parse(read('package-lock.json')) as Lock;

test('npm says nothing of engines: the Node that runs comes with the packages', () => {
  const level = execFileSync('npm', ['config', 'get', 'loglevel'], {
    cwd: fileURLToPath(ROOT),
    encoding: 'utf8',
    // npm passes its own setting on to what it starts, and a test may be that.
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  assert.equal(level.trim(), 'error');
});

test('every platform gets one and the same Node version', () => {
  const asked = Object.entries(manifest.optionalDependencies);
  assert.equal(asked.length, 5);
  const versions = new Set(asked.map(([, version]) => version));
  assert.equal(versions.size, 1, [...versions].join(', '));
  const [version = ''] = versions;
  for (const [name] of asked) {
    const locked = lock.packages[`node_modules/${name}`];
    assert.equal(locked?.version, version, name);
    assert.ok(locked.bin?.node, name);
  }
  const images = read('Dockerfile').matchAll(/^FROM node:(\S+?)-/gm);
  for (const [, image] of images) assert.equal(image, version, 'the image');
  const least = Number(/\d+/.exec(manifest.engines.node)?.[0]);
  assert.ok(Number.parseInt(version, 10) >= least);
});

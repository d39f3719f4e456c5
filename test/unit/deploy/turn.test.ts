// docs/turn.md and the files it names: what operators copy is what the tests run, and what exists.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SETTINGS } from '../../../server/config/settings.ts';
import { createMetrics } from '../../../server/telemetry/metrics.ts';
import { Resources } from '../../../server/telemetry/resources.ts';
import { TurnServerEntry } from '../../../server/turn/pool/environment.ts';

const ROOT = new URL('../../..', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const page = read('docs/turn.md');

test('the page shows the configuration that the tests start coturn with', () => {
  assert.ok(page.includes(`\`\`\`\n${read('deploy/coturn/turnserver.conf')}\`\`\``));
  assert.match(read('test/support/turn/coturn.ts'), /deploy\/coturn\/turnserver\.conf/);
});

test('every metric and setting on the page exists', async () => {
  const { registry } = createMetrics(new Resources());
  const metrics = new Set((await registry.getMetricsAsJSON()).map(({ name }) => name));
  for (const [, name = ''] of page.matchAll(/`(parley_[a-z_]+)/g))
    assert.ok(metrics.has(name), name);
  const settings = new Set(
    Object.values(SETTINGS).flatMap((group) => Object.values(group).map(({ name }) => name)),
  );
  for (const [, name = ''] of page.matchAll(/`((?:TURN|MEDIA)_[A-Z_]+)`/g)) {
    assert.ok(settings.has(name), name);
  }
});

test('every field of a server in TURN_POOL is described, and the example is one', () => {
  const fields = Object.keys(TurnServerEntry.pipe[0].entries);
  for (const field of fields) assert.ok(page.includes(`\`${field}\``), field);
  const [, example = ''] = /TURN_POOL='(\[[\s\S]*?\])'/.exec(page) ?? [];
  for (const entry of JSON.parse(example) as object[]) {
    for (const field of Object.keys(entry)) assert.ok(fields.includes(field), field);
  }
});

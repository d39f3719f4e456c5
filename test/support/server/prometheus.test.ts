// The output of prom-client is parsed correctly, labels and escapes included.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMetrics } from './prometheus.ts';

test('samples are read with their labels; comments are left out', () => {
  const text = [
    '# HELP parley_resources What the server holds.',
    '# TYPE parley_resources gauge',
    'parley_resources{kind="router"} 2',
    'parley_resources{kind="socket",node="a \\"b\\""} 1.5e3',
    'process_start_time_seconds 1790000000.5',
    '',
  ].join('\n');
  assert.deepEqual(parseMetrics(text), [
    { name: 'parley_resources', labels: { kind: 'router' }, value: 2 },
    { name: 'parley_resources', labels: { kind: 'socket', node: 'a "b"' }, value: 1_500 },
    { name: 'process_start_time_seconds', labels: {}, value: 1_790_000_000.5 },
  ]);
});

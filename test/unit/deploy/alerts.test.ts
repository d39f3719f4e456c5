// The alerts and the dashboard that operators import: well formed, and about metrics that exist.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { createMetrics } from '../../../server/telemetry/metrics.ts';
import { Resources } from '../../../server/telemetry/resources.ts';

const ROOT = new URL('../../..', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

/** Label names by metric, as the processes give them. */
const METRICS = new Map(
  createMetrics(new Resources())
    .registry.getMetricsAsArray()
    .map((metric) => [metric.name, (metric as unknown as { labelNames: string[] }).labelNames]),
);

/** Says what is wrong with an expression, as far as that can be told without Prometheus. */
function faults(expression: string): string[] {
  const found: string[] = [];
  const plain = expression.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const open: string[] = [];
  for (const sign of plain) {
    if ('([{'.includes(sign)) open.push(sign);
    const partner = { ')': '(', ']': '[', '}': '{' }[sign];
    if (partner !== undefined && open.pop() !== partner) found.push(`${sign} closes nothing`);
  }
  if (open.length > 0) found.push(`${open.join()} is not closed`);
  const named = [...plain.matchAll(/\b(parley_\w+)(?:\{([^}]*)\})?/g)];
  if (named.length === 0) found.push('it names no metric');
  const known = new Set<string>();
  for (const [, name = '', selector = ''] of named) {
    const labels = METRICS.get(name);
    if (!labels) found.push(`there is no metric ${name}`);
    for (const label of labels ?? []) known.add(label);
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*[=!]/g)) {
      if (!labels?.includes(label)) found.push(`${name} has no label ${label}`);
    }
  }
  for (const [, list = ''] of plain.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const label of list.split(',').map((each) => each.trim())) {
      if (!known.has(label)) found.push(`none of its metrics has the label ${label}`);
    }
  }
  // What every process reads of a whole server must not be added up.
  for (const name of ['allocations', 'capacity', 'bitrate']) {
    if (new RegExp(`sum by \\(server\\) \\(parley_turn_${name}\\b`).test(plain)) {
      found.push(`parley_turn_${name} is added up over processes`);
    }
  }
  return found;
}

test('what is looked for in expressions is found', () => {
  assert.deepEqual(faults('max by (server) (parley_turn_allocations) > 1'), []);
  for (const wrong of [
    'sum(parley_turn_sessions',
    'sum(parley_turn_session)',
    'sum by (node) (parley_turn_sessions)',
    'parley_turn_sessions{code="1"}',
    'sum by (server) (parley_turn_bitrate)',
    'up == 0',
  ]) {
    assert.notDeepEqual(faults(wrong), [], wrong);
  }
});

describe('deploy/prometheus/alerts.yml', () => {
  const rules = rulesOf(read('deploy/prometheus/alerts.yml'));
  test('has rules, each with a name of its own', () => {
    assert.ok(rules.length >= 8, `${rules.length} rules`);
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  });
  for (const { alert, expr, for: duration, labels, annotations } of rules) {
    test(alert, () => {
      assert.match(alert, /^Parley[A-Za-z]+$/);
      assert.deepEqual(faults(expr), []);
      assert.match(duration, /^\d+m$/);
      assert.match(labels.severity, /^(critical|warning)$/);
      assert.ok(annotations.summary.length > 10 && annotations.description.length > 20);
      // A template may only use labels that the expression leaves.
      const left = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
        list.split(',').map((each) => each.trim()),
      );
      const used = Object.values(annotations)
        .join(' ')
        .matchAll(/\$labels\.(\w+)/g);
      for (const [, label = ''] of used) assert.ok(left.includes(label), `$labels.${label}`);
    });
  }
});

describe('deploy/grafana/turn.json', () => {
  interface Panel {
    id: number;
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    targets: { expr: string; refId: string }[];
  }
  const dashboard = JSON.parse(read('deploy/grafana/turn.json')) as {
    uid: string;
    panels: Panel[];
  };
  test('has panels that do not lie on each other', () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      const { x, y, w, h } = gridPos;
      assert.ok(x + w <= 24, title);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          const place = `${column} ${row}`;
          assert.ok(!taken.has(place), `${title} lies on another panel`);
          taken.add(place);
        }
      }
    }
    assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  });
  for (const { title, targets } of dashboard.panels) {
    test(title, () => {
      assert.ok(targets.length > 0);
      for (const { expr } of targets) assert.deepEqual(faults(expr), [], expr);
    });
  }
});

/**
 * Reads the part of YAML that the file is written in: maps and lists by indentation, and values on
 * one line, plain or in single quotes. Throws at anything else.
 */
function rulesOf(text: string): Rule[] {
  const file = parse(
    text
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('#'))
      .map((line) => ({ indent: line.search(/\S/), text: line.trim() })),
  ) as { groups: { name: string; rules: Rule[] }[] };
  return file.groups.flatMap(({ rules }) => rules);
}

interface Line {
  indent: number;
  text: string;
}

function parse(lines: Line[]): unknown {
  const [first] = lines;
  assert.ok(first);
  const { indent } = first;
  const starts = lines.flatMap((line, index) => (line.indent === indent ? [index] : []));
  const parts = starts.map((start, index) => lines.slice(start, starts[index + 1]));
  if (first.text.startsWith('- ')) {
    return parts.map(([head, ...rest]) => {
      assert.ok(head);
      assert.ok(head.text.startsWith('- '), head.text);
      return parse([{ indent: indent + 2, text: head.text.slice(2) }, ...rest]);
    });
  }
  return Object.fromEntries(
    parts.map(([head, ...rest]) => {
      const [, key = '', value = ''] = /^(\w+):(?: (.+))?$/.exec(head?.text ?? '') ?? [];
      assert.ok(key !== '', `line "${head?.text}"`);
      assert.equal(value === '', rest.length > 0, `line "${head?.text}"`);
      return [key, value === '' ? parse(rest) : scalar(value)];
    }),
  );
}

function scalar(value: string): string {
  const [, quoted] = /^'((?:[^']|'')*)'$/.exec(value) ?? [];
  if (quoted !== undefined) return quoted.replaceAll("''", "'");
  assert.match(value, /^[\w-]+$/, `quote the value ${value}`);
  return value;
}

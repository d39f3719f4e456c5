// The environment: every variable parses or is named in one report, and secrets stay unsaid.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError, loadConfig } from '../../../server/config/config.ts';
import { configurationDoc } from '../../../server/config/docs.ts';
import type { Setting } from '../../../server/config/setting.ts';
import { SETTINGS } from '../../../server/config/settings.ts';

const settings = Object.entries(SETTINGS).flatMap(([group, entries]) =>
  Object.entries(entries as Record<string, Setting<unknown>>).map(([key, setting]) => ({
    group,
    key,
    setting,
  })),
);

/** A text that the setting refuses. */
function badValueFor({ parse }: Setting<unknown>): string {
  const candidates = ['not a number!', 'two words', 'a b', '999999999999', '-1', '\u0000', ','];
  const bad = candidates.find((text) => parse(text) === undefined);
  assert.ok(bad !== undefined, 'no bad value is known for this setting');
  return bad;
}

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

test('no configuration is a configuration', () => {
  const config = loadConfig({});
  for (const { group, key, setting } of settings) {
    const value = (config as unknown as Record<string, Record<string, unknown>>)[group]?.[key];
    assert.deepEqual(value, setting.default, setting.name);
  }
});

test('each default could have been written by hand', () => {
  for (const { setting } of settings) {
    if (setting.default === undefined) continue;
    const text = Array.isArray(setting.default)
      ? setting.default.join(',')
      : String(setting.default);
    assert.deepEqual(setting.parse(text), setting.default, setting.name);
  }
});

test('each variable has a name of its own and tells its reader what it must be', () => {
  const names = settings.map(({ setting }) => setting.name);
  assert.equal(new Set(names).size, names.length);
  for (const { setting } of settings) {
    assert.match(setting.name, /^[A-Z][A-Z0-9_]*$/);
    assert.match(setting.about, /^\S.*\.$/s, `${setting.name} is explained in a sentence`);
  }
});

test('a bad value is named with what it must be, and shown unless it is secret', () => {
  for (const { setting } of settings) {
    // A secret may be any text that is not blank.
    if (setting.parse('two words') !== undefined && setting.parse('-1') !== undefined) continue;
    const bad = badValueFor(setting);
    const [problem = '', ...more] = problemsOf({ [setting.name]: bad });
    assert.deepEqual(more, []);
    assert.ok(problem.startsWith(`${setting.name} must be ${setting.expected}`), problem);
    if (!setting.secret) assert.ok(problem.includes(JSON.stringify(bad)), problem);
  }
});

test('all problems are told at once', () => {
  const env = { PORT: 'x', WORKERS: '0', LOG_LEVEL: 'loud', MEDIA_PROTOCOLS: 'udp,sctp' };
  const problems = problemsOf(env);
  assert.equal(problems.length, 4);
  for (const name of Object.keys(env)) assert.ok(problems.some((text) => text.startsWith(name)));
});

test('a secret is never shown, not even when it does not parse', () => {
  const secret = 'swordfish and chips';
  for (const { setting } of settings.filter(({ setting }) => setting.secret)) {
    for (const problem of problemsOf({ [setting.name]: secret })) {
      assert.ok(!problem.includes('swordfish'), problem);
    }
  }
  const secrets = settings
    .filter(({ setting }) => setting.secret)
    .map(({ setting }) => setting.name);
  for (const name of ['AUTH_TOKEN', 'TURN_PASSWORD', 'TURN_SHARED_SECRET']) {
    assert.ok(secrets.includes(name), `${name} is marked as a secret`);
  }
});

test('an empty variable counts as unset, and blanks around a value do not matter', () => {
  assert.deepEqual(loadConfig({ PORT: '', AUTH_TOKEN: '   ' }), loadConfig({}));
  assert.equal(loadConfig({ PORT: ' 8080 ' }).http.port, 8080);
});

test('a very long bad value does not flood the report', () => {
  const [problem = ''] = problemsOf({ PORT: 'x'.repeat(10_000) });
  assert.ok(problem.length < 200, `${problem.length} characters`);
});

test('numbers are whole, plain and within their bounds', () => {
  for (const text of ['1e3', '0x10', '3.5', '+5', '٣', '65536', '-1', 'NaN', 'Infinity', '1_000']) {
    assert.equal(problemsOf({ PORT: text }).length, 1, text);
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65_535 }), (port) => {
      assert.equal(loadConfig({ PORT: String(port) }).http.port, port);
    }),
  );
});

test('lists are trimmed, and the same entry twice counts once', () => {
  const { media } = loadConfig({
    MEDIA_LISTEN_ADDRESSES: ' 127.0.0.1 , ::1,127.0.0.1,',
    MEDIA_PROTOCOLS: 'TCP,tcp',
  });
  assert.deepEqual(media.listenAddresses, ['127.0.0.1', '::1']);
  assert.deepEqual(media.protocols, ['tcp']);
});

test('origins are compared as browsers send them', () => {
  const { http } = loadConfig({ ALLOWED_ORIGINS: 'https://Example.org/, http://localhost:8080' });
  assert.deepEqual(http.allowedOrigins, ['https://example.org', 'http://localhost:8080']);
  for (const origin of ['example.org', 'null', 'file:///tmp', 'https://']) {
    assert.equal(problemsOf({ ALLOWED_ORIGINS: origin }).length, 1, origin);
  }
});

test('a proxy is trusted, or not, or so many of them in a row', () => {
  for (const [text, hops] of Object.entries({ true: 1, false: 0, 1: 1, 0: 0, 3: 3 })) {
    assert.equal(loadConfig({ TRUST_PROXY: text }).http.trustProxy, hops, text);
  }
  assert.equal(loadConfig({}).http.trustProxy, 0);
  for (const text of ['11', '-1', '1.5', 'loopback']) {
    assert.equal(problemsOf({ TRUST_PROXY: text }).length, 1, text);
  }
});

test('an API key is random enough that no guest finds it, and is refused unread otherwise', () => {
  const hex = 'b3f1c0a97d5e4286a1f09c7be4d3825160fe9ad7c2b84e130f6a5d9c7e21b840';
  const base64 = 's/HAqX1eQoah8Jx75NOCUWD+mtfCuE4TD2pdnH4huEA=';
  const good = { [`shop:${hex}`]: 1, [`shop:${base64}`]: 1, [`a:${hex}, b-2:${base64}`]: 2 };
  for (const [text, count] of Object.entries(good)) {
    assert.equal(loadConfig({ API_KEYS: text }).access.apiKeys?.length, count, text);
  }
  const bad = [
    hex,
    `:${hex}`,
    `Shop:${hex}`,
    `shop:${hex.slice(0, 63)}`,
    `shop:${base64.slice(0, 42)}`,
    `shop:${'0'.repeat(64)}`,
    `shop:${'abcdefghijkl'.repeat(6)}`,
    `shop:${hex.slice(0, 32).repeat(2)}`,
    'shop:a sentence that somebody thought of and typed in here to be done with it',
    `shop:${hex},shop:${base64}`,
    `shop:${hex},`,
  ];
  for (const text of bad) assert.equal(problemsOf({ API_KEYS: text }).length, 1, text);
});

test('nobody can change a configuration that was read', () => {
  const config = loadConfig({ MEDIA_LISTEN_ADDRESSES: '127.0.0.1' });
  const isFrozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isFrozen));
  assert.ok(isFrozen(config));
  assert.ok(isFrozen(loadConfig({})), 'with every default');
});

test('docs/configuration.md says what the settings say', () => {
  const file = new URL('../../../docs/configuration.md', import.meta.url);
  assert.equal(readFileSync(file, 'utf8'), configurationDoc(), 'run: npm run docs:config');
});

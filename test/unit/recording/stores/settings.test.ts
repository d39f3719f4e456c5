// The bucket under any of the names that deployments have for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../../../server/config/config.ts';
import { openStore } from '../../../../server/recording/stores/open-store.ts';
import { s3Settings } from '../../../../server/recording/stores/s3/settings.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';

const KEYS = { S3_ACCESS_KEY: 'access', S3_SECRET_KEY: 'secret' };
const settings = (env: Record<string, string>) => s3Settings(loadConfig(env));

test('a Go-Live style deployment’s variables work unchanged', () => {
  assert.deepEqual(
    settings({
      ...{ RECORD_ENABLED: 'true', S3_ENDPOINT: 'minio:9000', S3_REGION: 'us-east-1' },
      ...{ S3_BUCKET: 'recordings', ...KEYS, S3_USE_SSL: 'false', S3_PATH_STYLE: 'true' },
    }),
    {
      ...{ endpoint: 'http://minio:9000', region: 'us-east-1', bucket: 'recordings' },
      ...{ pathStyle: true, credentials: { accessKey: 'access', secretKey: 'secret' } },
      ...{ encryption: { kind: 'none' }, timeoutMs: 30_000, base: 'recordings/' },
    },
  );
});

test('the platform’s add-on names the same', () => {
  const found = settings({
    ...{ AWS_S3_BUCKET: 'b', AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'a' },
    ...{ AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' },
  });
  assert.equal(found?.endpoint, 'https://s3.eu-central-1.amazonaws.com');
  assert.equal(found?.pathStyle, false);
  assert.deepEqual(found?.credentials, { accessKey: 'a', secretKey: 's', sessionToken: 't' });
});

const ENDPOINTS = [
  [{ S3_ENDPOINT: 'minio:9000' }, 'https://minio:9000', true],
  [{ S3_ENDPOINT: 'http://minio:9000/' }, 'http://minio:9000', true],
  [{ S3_ENDPOINT: 'http://minio:9000', S3_USE_SSL: '1' }, 'https://minio:9000', true],
  [{ S3_ENDPOINT: 'https://h/below/it/' }, 'https://h/below/it', true],
  [{ S3_ENDPOINT: 'h', S3_FORCE_PATH_STYLE: '0' }, 'https://h', false],
  [{ AWS_ENDPOINT_URL: 'http://h:1' }, 'http://h:1', true],
  [{ AWS_ENDPOINT_URL: 'http://h:1', AWS_ENDPOINT_URL_S3: 'http://i:2' }, 'http://i:2', true],
  [{ S3_BUCKET: 'with.dots' }, 'https://s3.us-east-1.amazonaws.com', true],
  [{ S3_REGION: 'auto', S3_ENDPOINT: '[::1]:9000' }, 'https://[::1]:9000', true],
] as const;
for (const [env, endpoint, pathStyle] of ENDPOINTS) {
  test(`${JSON.stringify(env)} is ${endpoint}`, () => {
    const found = settings({ S3_BUCKET: 'b', ...KEYS, ...env });
    assert.deepEqual([found?.endpoint, found?.pathStyle], [endpoint, pathStyle]);
  });
}

const WRONG: readonly [Record<string, string>, RegExp][] = [
  [{ S3_BUCKET: 'b' }, /S3_ACCESS_KEY and S3_SECRET_KEY, or S3_CREDENTIALS_FILE/],
  [{ S3_BUCKET: 'b', ...KEYS, S3_ENDPOINT: 'ftp://h' }, /S3_ENDPOINT must be/],
  [{ S3_BUCKET: 'b', ...KEYS, S3_ENDPOINT: 'https://u:p@h' }, /must not hold a user/],
  [{ RECORD_ENABLED: '1' }, /set RECORD_DIR to a folder, or S3_BUCKET/],
];
for (const [env, message] of WRONG) {
  test(`${JSON.stringify(env)} is refused in a sentence`, () => {
    assert.throws(() => openStore(loadConfig(env), createLogger('silent')), message);
  });
}

test('no place is needed where nothing is recorded, and a bucket comes before a folder', () => {
  const open = (env: Record<string, string>) => openStore(loadConfig(env), createLogger('silent'));
  assert.equal(open({}), undefined);
  assert.equal(open({ RECORD_DIR: '/records' })?.place, '/records');
  const both = open({ RECORD_DIR: '/records', S3_BUCKET: 'b', ...KEYS, S3_ENDPOINT: 'h' });
  assert.equal(both?.place, 'bucket b at https://h');
});

test('what keys of recordings begin with is taken from their template', () => {
  const base = (template: string) =>
    settings({ S3_BUCKET: 'b', ...KEYS, RECORD_KEY_TEMPLATE: template })?.base;
  assert.equal(base('{id}'), '');
  assert.equal(base('a/b-{room}/{id}'), 'a/');
});

// Addresses as people type them: which page is meant, and where none is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeOf } from '../../../client/ui/address.ts';
import { pagePath } from '../../../shared/protocol/page-path.ts';

const PATHS: Readonly<Record<string, string | undefined>> = {
  '/': '/',
  '//': '/',
  '': '/',
  '/index.html': '/',
  '/r': '/',
  '/r/': '/',
  '/r/blue': '/r/blue',
  '/r/blue/': '/r/blue',
  '//R///blue//': '/r/blue',
  '/r/Blue': '/r/Blue',
  '/r/a%2Fb': '/r/a%2Fb',
  '/check/': '/check',
  '/CHECK': '/check',
  '/admin': '/admin',
  '/recordings/': '/recordings',
  '//Recordings//blue/': '/recordings/blue',
  '/recordings/a/b': undefined,
  '/nothing': undefined,
  '/r/blue/more': undefined,
  '/check/blue': undefined,
  '/api/nodes': undefined,
  '/assets/app.js': undefined,
  '//evil.example/r/blue': undefined,
};

for (const [given, expected] of Object.entries(PATHS)) {
  test(`${JSON.stringify(given)} is ${expected ?? 'no page'}`, () => {
    assert.equal(pagePath(given), expected);
    assert.ok(expected === undefined || pagePath(expected) === expected, 'and stays so');
  });
}

test('the page shows what the server serves', () => {
  const at = (path: string) => routeOf(new URL(`https://call.example${path}`)).page;
  assert.deepEqual(
    [
      '/check/',
      '/Check',
      '/admin/',
      '/recordings/',
      '/Recordings/blue/',
      '/R/blue/',
      '//r/blue',
      '/index.html',
      '/nothing',
      '/%',
    ].map(at),
    [
      'check',
      'check',
      'admin',
      'recordings',
      'recordings',
      'room',
      'room',
      'home',
      'unknown',
      'unknown',
    ],
  );
});

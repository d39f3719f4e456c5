// Small decisions of signalling, each a pure function: rates, origins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isAllowedOrigin } from '../../../server/signaling/socket/origin.ts';
import { TokenBucket } from '../../../server/signaling/socket/token-bucket.ts';

test('a bucket lets through its burst and then its rate, never more, in any rhythm', () => {
  const settings = fc.record({
    perSecond: fc.integer({ min: 1, max: 100 }),
    burst: fc.integer({ min: 1, max: 100 }),
    gaps: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 300 }),
  });
  fc.assert(
    fc.property(settings, ({ perSecond, burst, gaps }) => {
      const bucket = new TokenBucket(perSecond, burst, 0);
      let now = 0;
      let taken = 0;
      for (const gap of gaps) {
        now += gap;
        if (bucket.take(now)) taken += 1;
        assert.ok(taken <= burst + (now / 1000) * perSecond + 1e-6, `${taken} at ${now} ms`);
      }
    }),
  );
});

test('a bucket that refuses says when it will not', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 20 }),
      (rate, burst) => {
        const bucket = new TokenBucket(rate, burst, 0);
        for (let taken = 0; taken < burst; taken++) assert.ok(bucket.take(0));
        assert.ok(!bucket.take(0));
        assert.ok(bucket.take(bucket.waitMs), `not after ${bucket.waitMs} ms`);
      },
    ),
  );
});

const ORIGINS: readonly [string, string | undefined, string | undefined, boolean][] = [
  ['no origin: not a browser', undefined, 'parley.example', true],
  ['its own page', 'https://parley.example', 'parley.example', true],
  ['its own page behind a proxy that ends TLS', 'https://parley.example', 'parley.example', true],
  ['its own page on an IPv6 address', 'http://[::1]:3000', '[::1]:3000', true],
  ['another IPv6 address', 'http://[::2]:3000', '[::1]:3000', false],
  ['its own page on a port', 'http://localhost:3000', 'localhost:3000', true],
  ['the host in other letters', 'https://parley.example', 'Parley.Example', true],
  [
    'the host with the port that https has anyway',
    'https://parley.example',
    'parley.example:443',
    true,
  ],
  [
    'the host with the port that http has anyway',
    'http://parley.example',
    'parley.example:80',
    true,
  ],
  ['a page that was allowed', 'https://partner.example', 'parley.example', true],
  ['a strange page', 'https://evil.example', 'parley.example', false],
  ['another port', 'http://localhost:3001', 'localhost:3000', false],
  ['a subdomain', 'https://x.parley.example', 'parley.example', false],
  ['a name that begins the same', 'https://parley.example.evil', 'parley.example', false],
  ['a sandboxed frame', 'null', 'parley.example', false],
  ['nonsense', 'not an origin', 'parley.example', false],
  ['an allowed host by another scheme', 'http://partner.example', 'parley.example', false],
  ['no host at all', 'https://parley.example', undefined, false],
];

for (const [name, origin, host, allowed] of ORIGINS) {
  test(`a socket from ${name} is ${allowed ? 'let in' : 'kept out'}`, () => {
    assert.equal(isAllowedOrigin(origin, host, ['https://partner.example']), allowed);
  });
}

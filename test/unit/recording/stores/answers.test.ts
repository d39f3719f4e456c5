// What a store answers is read as a whole, or not at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  plainEtag,
  readDeleted,
  readDone,
  readListing,
  readParts,
  readRefusal,
} from '../../../../server/recording/stores/s3/answers.ts';
import { interrupted, refused } from '../../../../server/recording/stores/s3/refusals.ts';
import { escaped, readXml } from '../../../../server/recording/stores/s3/xml.ts';

const LISTING = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><IsTruncated>true</IsTruncated>
<NextContinuationToken>next&amp;1</NextContinuationToken>
<Contents><Key>a/&lt;b&gt;&#x26;&#39;</Key><LastModified>2026-11-28T18:45:12.000Z</LastModified><ETag>&quot;x&quot;</ETag><Size>12</Size></Contents>
<Contents><Key><![CDATA[c<d]]></Key><Size>0</Size><LastModified>2026-11-28T18:45:13Z</LastModified></Contents>
</ListBucketResult>`;

test('a page of a listing, with entities in its keys', () => {
  assert.deepEqual(readListing(LISTING), {
    items: [
      { key: "a/<b>&'", bytes: 12, modifiedAt: Date.UTC(2026, 10, 28, 18, 45, 12) },
      { key: 'c<d', bytes: 0, modifiedAt: Date.UTC(2026, 10, 28, 18, 45, 13) },
    ],
    next: { 'continuation-token': 'next&1' },
  });
});

test('half a listing is none, wherever it is cut', () => {
  for (let length = 0; length < LISTING.length; length++) {
    assert.throws(() => readListing(LISTING.slice(0, length)), `${length}`);
  }
});

const NO_LISTINGS = [
  '',
  'hello',
  '<html><p>Bad gateway<br></html>',
  '<!DOCTYPE a [<!ENTITY b "c">]><ListBucketResult>&b;</ListBucketResult>',
  '<ListBucketResult>&unknown;</ListBucketResult>',
  '<ListBucketResult>a & b</ListBucketResult>',
  '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>',
  '<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>',
  '<ListBucketResult></ListBucketResult><More/>',
  '<Error><Code>AccessDenied</Code></Error>',
  `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`,
];
for (const text of NO_LISTINGS) {
  test(`no listing: ${text.slice(0, 60)}`, () => {
    assert.throws(() => readListing(text), Error);
  });
}

test('text that is escaped is read as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(readXml(`<a>${escaped(text)}</a>`).text, text);
    }),
  );
});

test('parts, deleted objects, and an error after a 200', () => {
  const part = '<Part><PartNumber>1</PartNumber><Size>5</Size><ETag>"AB"</ETag></Part>';
  assert.deepEqual(readParts(`<ListPartsResult>${part}</ListPartsResult>`), {
    items: [{ number: 1, bytes: 5, etag: 'ab' }],
    next: undefined,
  });
  const failed = '<Error><Key>a</Key><Code>AccessDenied</Code><Message>m</Message></Error>';
  assert.deepEqual(readDeleted(`<DeleteResult>${failed}</DeleteResult>`), [
    { key: 'a', refusal: { code: 'AccessDenied', message: 'm' } },
  ]);
  assert.deepEqual(
    readDone('\n  <Error><Code>InternalError</Code></Error>', 'CompleteMultipartUploadResult'),
    { refusal: { code: 'InternalError', message: '' } },
  );
  assert.equal(plainEtag('W/"ABC-2"'), 'abc-2');
});

const REFUSALS = [
  [403, 'RequestTimeTooSkewed', 'clock', 'set_clock'],
  [404, 'NoSuchBucket', 'no_bucket', 'give_up'],
  [404, 'NoSuchKey', 'missing', 'give_up'],
  [404, '', 'missing', 'give_up'],
  [403, 'InvalidAccessKeyId', 'denied', 'renew'],
  [403, 'SignatureDoesNotMatch', 'denied', 'renew'],
  [400, 'ExpiredToken', 'denied', 'renew'],
  [401, '', 'denied', 'renew'],
  [301, 'PermanentRedirect', 'denied', 'give_up'],
  [400, 'BadDigest', 'corrupt', 'again'],
  [400, 'RequestTimeout', 'failing', 'again'],
  [500, 'InternalError', 'failing', 'again'],
  [503, 'SlowDown', 'failing', 'again'],
  [502, '', 'failing', 'again'],
  [429, '', 'failing', 'again'],
  [507, '', 'full', 'again'],
  [400, 'InvalidArgument', 'failing', 'give_up'],
] as const;
for (const [status, code, problem, step] of REFUSALS) {
  test(`${status} ${code} is ${problem}: ${step}`, () => {
    const found = refused({ status, code, message: 'Because.\n' }, 'write x (bucket b at h)');
    assert.deepEqual([found.error.code, found.step], [problem, step]);
    assert.match(found.error.message, /write x \(bucket b at h\)/);
    assert.ok(found.error.message.includes(`${status}`));
  });
}

test('the region of the bucket is named', () => {
  const refusal = readRefusal(
    '<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-central-1</Region></Error>',
  );
  assert.match(refused({ status: 400, ...refusal }, 'write x').error.message, /eu-central-1/);
});

test('no connection is another thing than a broken one', () => {
  const error = (code: string) => Object.assign(new Error('what happened'), { code });
  assert.equal(interrupted(error('ECONNREFUSED'), 'write x').code, 'unreachable');
  assert.equal(interrupted(error('CERT_HAS_EXPIRED'), 'write x').code, 'unreachable');
  assert.equal(interrupted(error('ECONNRESET'), 'write x').code, 'failing');
});

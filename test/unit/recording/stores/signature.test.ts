// Requests are signed as Amazon's own examples are.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { encodedKey, queryText, signed } from '../../../../server/recording/stores/s3/signature.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** From “Signature Calculations for the Authorization Header” in Amazon's documentation of S3. */
const EXAMPLES = [
  {
    ...{ name: 'an object', method: 'GET', path: '/test.txt', body: '' },
    ...{ query: {}, headers: { range: 'bytes=0-9' } },
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    ...{ name: 'a write', method: 'PUT', path: `/${encodedKey('test$file.text')}` },
    ...{ query: {}, body: 'Welcome to Amazon S3.' },
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    },
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    ...{ name: 'a query without a value', method: 'GET', path: '/', body: '' },
    ...{ query: { lifecycle: '' }, headers: {} },
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    ...{ name: 'a listing', method: 'GET', path: '/', body: '' },
    ...{ query: { prefix: 'J', 'max-keys': '2' }, headers: {} },
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
];

for (const { name, method, path, query, headers, body, signature } of EXAMPLES) {
  test(`the signature of ${name}`, () => {
    const { authorization } = signed({
      ...{ method, path, query, region: 'us-east-1', payloadHash: sha256(body) },
      headers: { host: 'examplebucket.s3.amazonaws.com', ...headers },
      credentials: {
        accessKey: 'AKIAIOSFODNN7EXAMPLE',
        secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      },
      at: Date.UTC(2013, 4, 24),
    });
    assert.equal(authorization?.split('Signature=')[1], signature);
  });
}

test('a temporary key brings its token, which is signed', () => {
  const headers = signed({
    ...{ method: 'GET', path: '/', query: {}, headers: { host: 'h' }, region: 'r' },
    ...{ payloadHash: sha256(''), at: 0 },
    credentials: { accessKey: 'a', secretKey: 's', sessionToken: 't' },
  });
  assert.equal(headers['x-amz-security-token'], 't');
  assert.match(headers.authorization ?? '', /SignedHeaders=host;.*x-amz-security-token/);
});

test('keys and queries are encoded as they are signed', () => {
  assert.equal(encodedKey("a b/c+d/é!'()*~"), 'a%20b/c%2Bd/%C3%A9%21%27%28%29%2A~');
  assert.equal(queryText({ b: '2 &', a: '', 'a-b': '/' }), 'a=&a-b=%2F&b=2%20%26');
});

// What an operator is told when `parley` cannot ask the server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectionFailure, redirection } from '../../../server/cli/connection-failure.ts';

const BASE = new URL('https://call.example.org:8443');

/** As `fetch` throws it. */
function thrown(code: string | undefined): Error {
  const cause = Object.assign(new Error('bad port'), code !== undefined && { code });
  return new TypeError('fetch failed', { cause });
}

describe('an address that cannot be asked', () => {
  const CASES: readonly [string | undefined, RegExp][] = [
    ['ECONNREFUSED', /^Nothing answers at https:\/\/call\.example\.org:8443: .*refused/],
    ['ENOTFOUND', /the name call\.example\.org does not resolve/],
    ['EAI_AGAIN', /the name call\.example\.org does not resolve/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /not trusted .*NODE_EXTRA_CA_CERTS.*npm start -- --https/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /not trusted .*NODE_EXTRA_CA_CERTS/],
    ['CERT_HAS_EXPIRED', /not valid now/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /for other names than call\.example\.org/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /speaks no TLS.*http:\/\//],
    ['EHOSTUNREACH', /^https:\/\/call\.example\.org:8443 cannot be asked \(EHOSTUNREACH\)/],
    [undefined, /cannot be asked \(bad port\)/],
  ];
  for (const [code, sentence] of CASES) {
    test(code ?? 'no code', () =>
      assert.match(connectionFailure(BASE, thrown(code), 15_000), sentence),
    );
  }
  test('time', () => {
    const error = new DOMException('The operation was aborted', 'TimeoutError');
    assert.match(connectionFailure(BASE, error, 15_000), /not answered within 15 seconds/);
  });
  test('a header that cannot be sent is not quoted: it has the token in it', () => {
    const error = new TypeError('"Bearer a-token" is an invalid header value.');
    assert.doesNotMatch(connectionFailure(BASE, error, 15_000), /a-token/);
  });
});

describe('an address that redirects', () => {
  const asked = new URL('http://call.example.org/api/turn');
  const CASES: readonly [string, string | null, RegExp][] = [
    [
      'to where the same can be asked',
      'https://call.example.org/api/turn?token=a-token#a-token',
      /redirects to https:\/\/call\.example\.org: name that one with --server/,
    ],
    [
      'to another path',
      'https://sso.example.org/sign-in?next=a-token',
      /redirects to https:\/\/sso\.example\.org\/sign-in: name that one/,
    ],
    [
      'to somewhere with a user',
      'https://a-user:a-token@call.example.org/',
      /redirects to https:\/\/call\.example\.org\/: name/,
    ],
    [
      'within itself',
      '/sign-in?next=a-token',
      /to http:\/\/call\.example\.org\/sign-in: it is not a Parley/,
    ],
    ['to nowhere', null, /does not say where to/],
    ['to what is no address', 'https://', /does not say where to/],
    ['to what is no page', 'javascript:a-token', /does not say where to/],
  ];
  for (const [name, location, sentence] of CASES) {
    test(name, () => {
      const said = redirection(asked, location);
      assert.match(said, sentence);
      assert.doesNotMatch(said, /a-token/);
    });
  }
});

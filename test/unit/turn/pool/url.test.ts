// Addresses of STUN and TURN servers, as browsers read them (RFC 7064, RFC 7065).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTurnUrl } from '../../../../server/turn/client/turn-url.ts';

const KNOWN: readonly [string, ReturnType<typeof parseTurnUrl>][] = [
  ['turn:a.example', { scheme: 'turn', host: 'a.example', port: 3478, transport: 'udp' }],
  [
    'TURN:A.example:1?transport=TCP',
    { scheme: 'turn', host: 'A.example', port: 1, transport: 'tcp' },
  ],
  ['turns:a.example', { scheme: 'turns', host: 'a.example', port: 5349, transport: 'tcp' }],
  [
    'turns:a.example?transport=udp',
    { scheme: 'turns', host: 'a.example', port: 5349, transport: 'udp' },
  ],
  ['turn:192.0.2.1:65535', { scheme: 'turn', host: '192.0.2.1', port: 65_535, transport: 'udp' }],
  [
    'turn:[2001:db8::1]:3479',
    { scheme: 'turn', host: '2001:db8::1', port: 3479, transport: 'udp' },
  ],
  ['turn:[::1]?transport=tcp', { scheme: 'turn', host: '::1', port: 3478, transport: 'tcp' }],
  ['stun:a.example:19302', { scheme: 'stun', host: 'a.example', port: 19_302, transport: 'udp' }],
  ['stuns:a.example', { scheme: 'stuns', host: 'a.example', port: 5349, transport: 'tcp' }],
];

const WRONG = [
  '',
  'turn:',
  'turn://a.example',
  'http://a.example',
  'turn:a.example:0',
  'turn:a.example:65536',
  'turn:a.example:port',
  'turn:a.example?transport=sctp',
  'turn:a.example?transport=udp&x=1',
  'turn:user@a.example',
  'turn:[2001:db8::1',
  'turn:[1.2.3.4]',
  'turn:[:::]',
  'turn:2001:db8::1',
  'turn:-a.example',
  'turn:a b',
  'turn:a.example\n',
  'stun:a.example?transport=udp',
  `turn:${'a'.repeat(600)}`,
];

test('addresses are read with their defaults', () => {
  for (const [url, expected] of KNOWN) assert.deepEqual(parseTurnUrl(url), expected, url);
});

test('what is no such address is not guessed', () => {
  for (const url of WRONG) assert.equal(parseTurnUrl(url), undefined, url);
});

test('no text makes it throw, or take long', () => {
  const part = fc.constantFrom(
    'turn:',
    'turns:',
    '[',
    ']',
    ':',
    '?transport=',
    'udp',
    'a.',
    '::1',
    '9',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part).map((parts) => parts.join('')),
      ),
      (url) => {
        const parsed = parseTurnUrl(url);
        if (parsed) assert.ok(parsed.port >= 1 && parsed.port <= 65_535 && parsed.host !== '');
      },
    ),
  );
});

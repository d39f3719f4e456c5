// The lines of a network check: one for each thing that was tried.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NETWORK_NOT_CHECKED, type NetworkState } from '../../../client/sdk/check/types.ts';
import { networkLines } from '../../../client/ui/check/words.ts';
import {
  failed,
  found,
  GOOD,
  lineOf,
  path,
  plain,
  tcpBlocked,
  udpBlocked,
} from './check-results.ts';

describe('the lines', () => {
  test('before anything is known there is one for each thing', () => {
    const lines = networkLines(NETWORK_NOT_CHECKED, 'call.example');
    assert.deepEqual(
      lines.map(({ title, tone }) => [title, tone]),
      [
        ['Server', 'running'],
        ['UDP', 'waiting'],
        ['TCP', 'waiting'],
        ['Relay', 'waiting'],
        ['Speed', 'waiting'],
      ],
    );
  });

  const cases: [
    name: string,
    network: NetworkState,
    id: string,
    tone: string,
    text: RegExp,
    advice?: RegExp,
  ][] = [
    ['UDP is open', found([path('udp')]), 'udp', 'good', /Open\. There and back takes 24 ms\./],
    [
      'UDP loses packets',
      found([path('udp', { quality: { ...GOOD, lost: 0.02 } })]),
      'udp',
      'good',
      /24 ms, 2 % of the packets get lost\./,
    ],
    [
      'UDP is blocked, TCP is open',
      found([udpBlocked, path('tcp')]),
      'udp',
      'warning',
      /^Your network blocks UDP\. Calls work, through TCP; the picture may stutter\.$/,
      /^Ask your network’s administrator to allow UDP to 203\.0\.113\.5 port 40000\./,
    ],
    [
      'UDP is blocked, a relay works',
      found([udpBlocked, tcpBlocked, path('relay')]),
      'udp',
      'warning',
      /through a relay/,
    ],
    [
      'UDP is blocked, and so is all',
      found([udpBlocked, tcpBlocked]),
      'udp',
      'bad',
      /^Nothing gets through/,
      /allow UDP/,
    ],
    ['the server takes no UDP', found([path('tcp')]), 'udp', 'warning', /its own setting/],
    [
      'no DTLS',
      found([failed('udp', 'handshake')]),
      'udp',
      'bad',
      /no encrypted connection/,
      /firewall/,
    ],
    [
      'TCP is closed, UDP is open',
      found([path('udp'), tcpBlocked]),
      'tcp',
      'waiting',
      /not needed/,
    ],
    [
      'TCP and UDP are closed',
      found([udpBlocked, tcpBlocked]),
      'tcp',
      'bad',
      /Nothing/,
      /allow TCP/,
    ],
    ['the server takes no TCP', found([path('udp')]), 'tcp', 'waiting', /UDP alone/],
    ['no relay, none needed', found([path('udp')]), 'relay', 'waiting', /none to offer\.$/],
    [
      'no relay, and one would help',
      found([udpBlocked]),
      'relay',
      'bad',
      /would help/,
      /TURN server/,
    ],
    ['no relay is of use', found([path('tcp')]), 'relay', 'waiting', /no UDP/],
    ['the relay works', found([path('relay')]), 'relay', 'good', /Works\. .* 24 ms/],
    [
      'wrong credentials',
      found([path('udp'), failed('relay', 'relay-refused', 401)]),
      'relay',
      'warning',
      /refuses our credentials \(401\)\. Not needed/,
      /fault of the server’s settings.*same secret/,
    ],
    [
      'wrong credentials, and nothing else works',
      found([udpBlocked, failed('relay', 'relay-refused', 401)]),
      'relay',
      'bad',
      /refuses our credentials \(401\)\.$/,
    ],
    [
      'a full relay',
      found([udpBlocked, failed('relay', 'relay-refused', 486)]),
      'relay',
      'bad',
      /full \(486\)/,
      /in a minute/,
    ],
    [
      'an unknown refusal',
      found([udpBlocked, failed('relay', 'relay-refused', 442)]),
      'relay',
      'bad',
      /error 442 \(Why\)/,
    ],
    [
      'no answer',
      found([path('udp'), failed('relay', 'relay-silent', 701)]),
      'relay',
      'warning',
      /does not answer \(701\)/,
      /allow UDP to relay\.example\.org port 3478\./,
    ],
    [
      'cut off behind the relay',
      found([path('udp'), failed('relay', 'relay-cut')]),
      'relay',
      'warning',
      /cannot be reached from it/,
      /allowed to send UDP/,
    ],
    ['quick', found([path('udp')]), 'speed', 'good', /^At least 4\.2 Mbit\/s each way\.$/],
    [
      'no speed',
      found([udpBlocked], { speed: { state: 'none' } }),
      'speed',
      'waiting',
      /could not be measured/,
    ],
  ];
  for (const [name, network, id, tone, text, advice] of cases) {
    test(name, () => {
      const line = lineOf(network, id);
      assert.equal(line.tone, tone, JSON.stringify(line));
      assert.match(plain(line.text), text);
      if (advice) assert.match(line.advice ?? '', advice);
    });
  }

  const titles: [url: string, title: string][] = [
    ['turn:relay.example.org', 'Relay relay.example.org, UDP'],
    ['turn:relay.example.org:80?transport=tcp', 'Relay relay.example.org, TCP'],
    ['turns:relay.example.org:443?transport=tcp', 'Relay relay.example.org, TLS'],
    ['turns:relay.example.org', 'Relay relay.example.org, TLS'],
    ['turn:[2001:db8::1]:3478?transport=udp', 'Relay [2001:db8::1], UDP'],
  ];
  for (const [url, title] of titles) {
    test(url, () => assert.equal(lineOf(found([path('relay', { url })]), url).title, title));
  }
});

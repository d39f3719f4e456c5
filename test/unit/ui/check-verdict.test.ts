// The verdict of a network check: one sentence for all that was found.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NETWORK_NOT_CHECKED, type NetworkState } from '../../../client/sdk/check/types.ts';
import type { Line } from '../../../client/ui/check/line.ts';
import { verdictOf } from '../../../client/ui/check/words.ts';
import { failed, found, GOOD, path, plain, tcpBlocked, udpBlocked } from './check-results.ts';

describe('the verdict', () => {
  const all = [path('udp'), path('tcp'), path('relay')];
  const cases: [name: string, network: NetworkState, tone: string, title: string, text: RegExp][] =
    [
      ['all is open', found(all), 'good', 'Calls will work well', /quick enough/],
      ['UDP alone', found([path('udp'), tcpBlocked]), 'good', 'Calls will work well', /open/],
      [
        'UDP is open, but nothing comes back over it',
        found([path('udp', { quality: null })], { speed: { state: 'none' } }),
        'warning',
        'Calls will work, but may stutter',
        /open, but nothing came back in time to measure it\.$/,
      ],
      [
        'nothing comes back, and the way is narrow',
        found([path('udp', { quality: null })], {
          speed: { state: 'measured', bitsPerSecond: 300_000, capped: false, pathId: 'udp' },
        }),
        'warning',
        'Calls will work, but may stutter',
        /to measure it, and there is little bandwidth \(300 kbit\/s\)\.$/,
      ],
      [
        'UDP fails for another reason than a firewall',
        found([failed('udp', 'handshake'), path('tcp')]),
        'warning',
        'Calls will work, through TCP',
        /^UDP does not work here/,
      ],
      [
        'UDP is blocked',
        found([udpBlocked, path('tcp')]),
        'warning',
        'Calls will work, through TCP',
        /^Your network blocks UDP.*may stutter\.$/,
      ],
      [
        'the server takes TCP alone',
        found([path('tcp')]),
        'warning',
        'Calls will work, through TCP',
        /^This server takes sound and picture through TCP alone/,
      ],
      [
        'a relay alone',
        found([udpBlocked, tcpBlocked, path('relay')]),
        'warning',
        'Calls will work through a relay',
        /No straight way/,
      ],
      [
        'a relay that loses packets',
        found([udpBlocked, path('relay', { quality: { ...GOOD, lost: 0.08 } })]),
        'warning',
        'Calls will work through a relay',
        /But 8 % of the packets get lost\.$/,
      ],
      [
        'slow and narrow',
        found([path('udp', { quality: { ...GOOD, roundTripMs: 640 } })], {
          speed: { state: 'measured', bitsPerSecond: 300_000, capped: false, pathId: 'udp' },
        }),
        'warning',
        'Calls will work, but may stutter',
        /answers take long \(640 ms\), and there is little bandwidth \(300 kbit\/s\)\.$/,
      ],
      [
        'nothing',
        found([udpBlocked, tcpBlocked, failed('relay', 'relay-silent')]),
        'bad',
        'Calls will not work on this network',
        /not even through a relay\. .*another network/,
      ],
      [
        'nothing, without a relay',
        found([udpBlocked, tcpBlocked]),
        'bad',
        'Calls will not work on this network',
        /^No way to the media server is open\. /,
      ],
      [
        'no WebSocket',
        found([], { socket: { state: 'fails', code: 'unreachable' } }),
        'bad',
        'Calls will not work',
        /cannot keep a connection/,
      ],
      [
        'no invitation',
        found([], { paths: { state: 'refused', code: 'token_required', message: 'Room' } }),
        'warning',
        'The network was not checked',
        /Open your invitation/,
      ],
      [
        'too many checks',
        found([], { paths: { state: 'refused', code: 'no_capacity', message: 'Too many. Wait.' } }),
        'warning',
        'The network was not checked',
        /^Too many\. Wait\.$/,
      ],
      ['nothing yet', NETWORK_NOT_CHECKED, 'running', 'Checking your network…', /seconds/],
      [
        'the speed is measured',
        found(all, { done: false, speed: { state: 'running' } }),
        'running',
        'Checking your network…',
        /speed/,
      ],
    ];
  for (const [name, network, tone, title, text] of cases) {
    test(name, () => {
      const verdict = verdictOf(network);
      assert.deepEqual([verdict.tone, verdict.title], [tone, title]);
      assert.match(plain(verdict.text), text);
    });
  }

  test('devices that fail are part of it', () => {
    const devices: Line[] = [
      { id: 'camera', title: 'Camera', tone: 'bad', text: '' },
      { id: 'microphone', title: 'Microphone', tone: 'bad', text: '' },
    ];
    const verdict = verdictOf(found([path('udp')]), devices);
    assert.deepEqual([verdict.tone, verdict.title], ['warning', 'Your network is fine']);
    assert.match(verdict.text, /Your camera and microphone need attention: see below\.$/);
    const one = verdictOf(found([udpBlocked, path('tcp')]), devices.slice(0, 1));
    assert.equal(one.title, 'Calls will work, through TCP');
    assert.match(one.text, /Your camera needs attention: see below\.$/);
    assert.equal(verdictOf(NETWORK_NOT_CHECKED, devices).tone, 'running');
  });
});

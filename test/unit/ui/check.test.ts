// The words of the network check: its verdict, its lines, its report, and its address.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  bestPath,
  NETWORK_NOT_CHECKED,
  type NetworkState,
  type PathFailure,
  type PathResult,
} from '../../../client/sdk/check/types.ts';
import { routeOf } from '../../../client/ui/address.ts';
import { type DeviceState, deviceLine } from '../../../client/ui/check/device-words.ts';
import { bitrate, milliseconds, percent } from '../../../client/ui/check/quality.ts';
import { reportText } from '../../../client/ui/check/report.ts';
import { type Line, networkLines, verdictOf } from '../../../client/ui/check/words.ts';

const TURN = 'turn:relay.example.org:3478?transport=udp';
const GOOD = { roundTripMs: 24, jitterMs: 2, lost: 0 };

function path(kind: PathResult['kind'], change: Partial<PathResult> = {}): PathResult {
  return {
    id: change.url ?? kind,
    kind,
    url: kind === 'relay' ? TURN : null,
    addresses: ['203.0.113.5 port 40000'],
    state: 'works',
    failure: null,
    connectMs: 80,
    quality: GOOD,
    local: null,
    remote: null,
    gathered: ['host udp'],
    refusals: [],
    ...change,
  };
}

function failed(kind: PathResult['kind'], failure: PathFailure, code?: number): PathResult {
  const refusals = code === undefined ? [] : [{ code, text: 'Why' }];
  const unknown = { connectMs: null, quality: null, gathered: [] };
  return path(kind, { state: 'fails', failure, refusals, ...unknown });
}

function found(results: readonly PathResult[], change: Partial<NetworkState> = {}): NetworkState {
  return {
    done: true,
    socket: { state: 'works', openMs: 40, roundTripMs: 12 },
    paths: { state: 'given' },
    results,
    speed: { state: 'measured', bitsPerSecond: 4_200_000, capped: false, pathId: 'udp' },
    ...change,
  };
}

function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}

function lineOf(network: NetworkState, id: string): Line {
  const line = networkLines(network, 'call.example').find((one) => one.id === id);
  assert.ok(line, `no line ${id}`);
  return line;
}

const udpBlocked = failed('udp', 'blocked');
const tcpBlocked = failed('tcp', 'blocked');

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

test('the best path is straight, then by UDP, then the quickest', () => {
  const near = path('relay', { url: 'turn:near', quality: { ...GOOD, roundTripMs: 9 } });
  const far = path('relay', { url: 'turn:far' });
  assert.equal(bestPath([far, near, path('tcp'), path('udp')])?.kind, 'udp');
  assert.equal(bestPath([far, near, path('tcp'), udpBlocked])?.kind, 'tcp');
  assert.equal(bestPath([far, near, udpBlocked])?.url, 'turn:near');
  assert.equal(bestPath([udpBlocked, tcpBlocked]), undefined);
});

test('numbers are said as people read them', () => {
  assert.equal(plain(milliseconds(0.2)), 'under 1 ms');
  assert.equal(plain(milliseconds(23.6)), '24 ms');
  assert.equal(plain(percent(0.001)), '1 %');
  assert.equal(plain(bitrate(640_400)), '640 kbit/s');
  assert.equal(plain(bitrate(4_240_000)), '4.2 Mbit/s');
});

describe('a device', () => {
  const facts = { secure: true, capture: true, browser: 'chrome', system: 'windows' } as const;
  const microphone: DeviceState = {
    kind: 'microphone',
    on: true,
    pending: false,
    error: undefined,
    label: 'Desk microphone',
    heard: true,
    listening: false,
    touched: true,
  };
  const camera: DeviceState = { ...microphone, kind: 'camera', label: 'Desk camera', heard: false };
  const cases: [device: DeviceState, tone: string, text: RegExp][] = [
    [microphone, 'good', /hears something\.$/],
    [{ ...microphone, heard: false }, 'warning', /heard nothing/],
    [{ ...microphone, heard: false, listening: true }, 'running', /Say something/],
    [{ ...microphone, heard: false, touched: false }, 'waiting', /Touch this page/],
    [camera, 'good', /^It works\.$/],
    [{ ...camera, on: false, label: undefined }, 'waiting', /switched off/],
    [{ ...camera, pending: true }, 'running', /Choose Allow/],
    [
      { ...camera, label: undefined, error: new DOMException('', 'NotAllowedError') },
      'bad',
      /blocks the camera here\.$/,
    ],
  ];
  for (const [device, tone, text] of cases) {
    test(`${device.kind}: ${tone}, ${text.source}`, () => {
      const line = deviceLine(device, facts);
      assert.equal(line.tone, tone);
      assert.match(line.text, text);
      if (device.label !== undefined && !device.pending) assert.equal(line.advice, device.label);
    });
  }
});

test('the report has everything that was found', () => {
  const network = found([
    path('udp', {
      local: { type: 'host', protocol: 'udp', address: '', port: 50_000 },
      remote: { type: 'host', protocol: 'udp', address: '2001:db8::5', port: 40_000 },
    }),
    failed('relay', 'relay-refused', 401),
  ]);
  const verdict = verdictOf(network);
  const lines = networkLines(network, 'call.example');
  const text = reportText({
    at: Date.UTC(2026, 0, 2, 3, 4, 5),
    browser: 'Browser/1.0',
    server: 'https://call.example',
    verdict,
    lines,
    network,
  });
  for (const part of [
    'Time: 2026-01-02T03:04:05.000Z',
    'Server: https://call.example',
    'Browser: Browser/1.0',
    'Verdict: Calls will work well.',
    '[ok] UDP: Open. There and back takes 24 ms.',
    '[!!] Relay relay.example.org, UDP: It refuses our credentials (401).',
    'WebSocket: open in 40 ms, round trip 12 ms',
    'direct udp: works',
    'media server: 203.0.113.5 port 40000',
    'pair: host udp (hidden):50000 -> host udp [2001:db8::5]:40000',
    `${TURN}: fails (relay-refused)`,
    'ICE error: 401 Why',
    'Bandwidth: at least 4.2 Mbit/s each way, over direct udp',
  ]) {
    assert.ok(text.includes(part), `${part} is not in:\n${text}`);
  }
  // What is pasted into a ticket should be plain.
  assert.match(text, /^[\x20-\x7e\n’“”]*$/);
});

describe('its address', () => {
  const cases: [address: string, room: string | undefined][] = [
    ['/check', undefined],
    ['/check?room=blue', 'blue'],
    ['/check?room=No%20Room', undefined],
    ['/check?room=', undefined],
  ];
  for (const [address, room] of cases) {
    test(address, () => {
      const route = routeOf(new URL(address, 'https://call.example'));
      assert.deepEqual(route, { page: 'check', room });
    });
  }
});

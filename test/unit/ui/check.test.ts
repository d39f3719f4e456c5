// The network check around its words: the best path, devices, the report, and its address.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bestPath } from '../../../client/sdk/check/types.ts';
import { routeOf } from '../../../client/ui/address.ts';
import { type DeviceState, deviceLine } from '../../../client/ui/check/device-words.ts';
import { bitrate, milliseconds, percent } from '../../../client/ui/check/quality.ts';
import { reportText } from '../../../client/ui/check/report.ts';
import { networkLines, verdictOf } from '../../../client/ui/check/words.ts';
import { failed, found, GOOD, path, plain, TURN, tcpBlocked, udpBlocked } from './check-results.ts';

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
    silenced: false,
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
    [{ ...microphone, silenced: true }, 'bad', /muted by your system or by a button/],
    [{ ...camera, silenced: true }, 'bad', /switched off by your system or by its cover/],
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

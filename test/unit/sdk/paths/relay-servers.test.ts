// TURN servers' addresses compared, the decision to leave one, and which refusals are told.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  keepPlaces,
  mustLeave,
  offersRelay,
  relayHost,
} from '../../../../client/sdk/paths/relay-servers.ts';
import { NO_PATH } from '../../../../client/sdk/paths/selected-path.ts';
import { TurnRefusals } from '../../../../client/sdk/paths/turn-refusals.ts';
import { turnKey } from '../../../../shared/media/turn-key.ts';
import type { PathReport } from '../../../../shared/protocol/media-messages.ts';

describe('turnKey', () => {
  const SAME: [string, string][] = [
    ['turn:turn.example.org', 'turn:turn.example.org:3478?transport=udp'],
    ['turn:Turn.Example.org.', 'turn:turn.example.org'],
    ['turns:turn.example.org', 'turns:turn.example.org:5349?transport=tcp'],
    ['turn:[2001:db8::1]:99', 'turn:2001:db8::1:99?transport=udp'],
    ['turn:[2001:DB8:0:0::1]:99', 'turn:[2001:db8::1]:99'],
  ];
  for (const [a, b] of SAME) {
    test(`${a} is ${b}`, () => {
      assert.ok(turnKey(a));
      assert.equal(turnKey(a), turnKey(b));
    });
  }
  const DIFFERENT: [string, string][] = [
    ['turn:a.example', 'turns:a.example'],
    ['turn:a.example', 'turn:a.example?transport=tcp'],
    ['turn:a.example', 'turn:a.example:3479'],
    ['turn:a.example', 'turn:b.example'],
  ];
  for (const [a, b] of DIFFERENT) {
    test(`${a} is not ${b}`, () => assert.notEqual(turnKey(a), turnKey(b)));
  }
  test('what is no TURN server has none', () => {
    for (const url of ['stun:a.example', 'https://a.example', 'turn:', '', 'turn:a b?x']) {
      assert.equal(turnKey(url) === undefined || url === 'turn:a b?x', true, url);
    }
    assert.ok(!offersRelay([{ urls: ['stun:a.example'] }]));
    assert.ok(offersRelay([{ urls: ['stun:a.example', 'turn:a.example'] }]));
  });
  test('its host is shown', () => {
    assert.equal(relayHost('turns:turn.example.org:443?transport=tcp'), 'turn.example.org');
    assert.equal(relayHost('turn:[2001:db8::1]:99'), '2001:db8::1');
    assert.equal(relayHost('somewhere'), 'somewhere');
  });
});

describe('mustLeave', () => {
  const servers = [{ urls: ['stun:s.example'] }, { urls: ['turn:a.example', 'turns:a.example'] }];
  const relay = (server: string | null): PathReport => ({
    kind: 'relay',
    protocol: 'udp',
    server,
    roundTripMs: 1,
  });
  const CASES: [string, PathReport, boolean][] = [
    ['a relay that is offered', relay('turn:a.example:3478?transport=udp'), false],
    ['another address of the same host', relay('turn:a.example:3478?transport=tcp'), true],
    ['a relay that is not offered any more', relay('turn:b.example:3478?transport=udp'), true],
    ['a relay that the browser does not name', relay(null), true],
    ['a direct path', { ...relay(null), kind: 'direct' }, false],
    ['no path', NO_PATH, false],
  ];
  for (const [title, path, expected] of CASES) {
    test(title, () => assert.equal(mustLeave(path, servers), expected));
  }
  test('without any server every relay is left', () =>
    assert.ok(mustLeave(relay('turn:a.example'), [])));
});

describe('TurnRefusals', () => {
  const url = 'turn:a.example:3478?transport=udp';
  test('each is told once, whichever network interface heard it', () => {
    const refusals = new TurnRefusals();
    for (let each = 0; each < 3; each++) refusals.add({ url, errorCode: 401 });
    refusals.add({ url, errorCode: 701 });
    assert.deepEqual(refusals.pending, [
      { url, code: 401 },
      { url, code: 701 },
    ]);
    refusals.reported([...refusals.pending]);
    refusals.add({ url, errorCode: 401 });
    assert.deepEqual(refusals.pending, []);
  });
  test('those of after an ICE restart are news, unless the ones before were not told yet', () => {
    const refusals = new TurnRefusals();
    refusals.add({ url, errorCode: 401 });
    refusals.restart();
    refusals.add({ url, errorCode: 401 });
    assert.equal(refusals.pending.length, 1);
    refusals.reported([...refusals.pending]);
    refusals.restart();
    refusals.add({ url, errorCode: 401 });
    assert.equal(refusals.pending.length, 1);
  });
  test('what the server would not take is left out', () => {
    const refusals = new TurnRefusals();
    refusals.add({ url: 'stun:a.example', errorCode: 701 });
    refusals.add({ url, errorCode: 0 });
    refusals.add({ url, errorCode: 800 });
    refusals.add({ url: `turn:${'a'.repeat(300)}`, errorCode: 701 });
    assert.deepEqual(refusals.pending, []);
    for (let port = 1; port < 20; port++)
      refusals.add({ url: `turn:a.example:${port}`, errorCode: 701 });
    assert.equal(refusals.pending.length, 8);
  });
});

describe('keepPlaces', () => {
  const server = (...urls: string[]) => ({ urls, username: 'u', credential: 'c' });
  const gone = (...urls: string[]) => ({ urls, username: 'left', credential: 'left' });
  const BEFORE = ['turn:a', 'turn:a?transport=tcp', 'turn:b', 'turn:b?transport=tcp'];
  const [a, aTcp, b, bTcp] = BEFORE as [string, string, string, string];
  const TABLE: readonly [string, ReturnType<typeof server>[], ReturnType<typeof server>[]][] = [
    ['a list as long stays as it is', [server(b, bTcp), server('turn:c', 'turns:c')], []],
    ['a shorter one gets what is gone behind it', [server(b, bTcp)], [gone(a, aTcp)]],
    ['only as many as are missing', [server(b, bTcp, 'turn:c')], [gone(a)]],
    ['an address is the same in another spelling', [server('turn:A:3478', b)], [gone(aTcp, bTcp)]],
    ['no relay at all stays none', [{ ...server('stun:s') }], []],
  ];
  for (const [title, servers, added] of TABLE) {
    test(title, () => assert.deepEqual(keepPlaces(servers, BEFORE), [...servers, ...added]));
  }
});

// The command line of bench:media: what is measured, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAddresses } from '../../../bench/media/contenders/peer-server.ts';
import { readPlan } from '../../../bench/media/plan.ts';

const machine = { addresses: ['192.0.2.1'], names: ['here'] };
const plan = (args: readonly string[] = [], env: Record<string, string> = {}) =>
  readPlan({ args, env, machine });

test('without options there are those contenders that need none', () => {
  const { contenders, receivers, packetsPerSecond, bytes, rounds, seconds, peer } = plan();
  assert.deepEqual(contenders, ['parley', 'bare', 'janus']);
  assert.deepEqual(
    { receivers, packetsPerSecond, bytes, rounds, seconds, peer },
    {
      receivers: 100,
      packetsPerSecond: 200,
      bytes: 1_000,
      rounds: 5,
      seconds: 10,
      peer: undefined,
    },
  );
});

test('a worker and a server of the caller come beside', () => {
  const { contenders, nssWorker, peer } = plan(['--nss-worker', '/w'], {
    PEER_URL: 'http://127.0.0.1:9000/live',
    PEER_PID: '12, 34',
    PEER_TOKEN: 'secret',
  });
  assert.deepEqual(contenders, ['parley', 'bare', 'nss', 'janus', 'peer']);
  assert.equal(nssWorker, '/w');
  assert.equal(peer?.whip.href, 'http://127.0.0.1:9000/live/whip');
  assert.equal(peer?.whep.href, 'http://127.0.0.1:9000/live/whep');
  assert.deepEqual(peer?.pids, [12, 34]);
  assert.equal(peer?.token, 'secret');
});

test('the paths of WHIP and WHEP are options', () => {
  const args = ['--whip-path', 'room/whip?a=1', '--whep-path', '/view'];
  const { peer } = plan(args, { PEER_URL: 'http://localhost:9000/live/' });
  assert.equal(peer?.whip.href, 'http://localhost:9000/live/room/whip?a=1');
  assert.equal(peer?.whep.href, 'http://localhost:9000/view');
});

test('a contender can be measured alone, in the order of the table', () => {
  assert.deepEqual(plan(['--only', 'bare,parley']).contenders, ['parley', 'bare']);
  for (const [args, wrong] of [
    [['--only', 'medooze'], /names "medooze"/],
    [['--only', 'nss'], /nss needs --nss-worker/],
    [['--only', 'peer'], /peer needs PEER_URL/],
  ] as const) {
    assert.throws(() => plan(args), wrong);
  }
});

test('a number that does not fit is refused at the limit', () => {
  for (const [name, least, most] of [
    ['receivers', 1, 1_000],
    ['rate', 1, 5_000],
    ['bytes', 28, 1_150],
    ['rounds', 1, 100],
    ['seconds', 1, 600],
  ] as const) {
    for (const fits of [least, most]) plan([`--${name}`, String(fits)]);
    for (const wrong of [least - 1, most + 1, 1.5, 'many']) {
      assert.throws(() => plan([`--${name}`, String(wrong)]), new RegExp(`--${name} is a whole`));
    }
  }
});

test('a server elsewhere is refused unless the caller says that it is theirs', () => {
  const elsewhere = { PEER_URL: 'https://sfu.example.com/' };
  assert.throws(() => plan([], elsewhere), /sfu\.example\.com is not this machine/);
  assert.equal(plan(['--i-own-this-server'], elsewhere).peer?.isOwn, true);
  for (const own of [
    'http://127.0.0.1/',
    'http://[::1]:80/',
    'http://192.0.2.1/',
    'http://here/',
  ]) {
    assert.equal(plan([], { PEER_URL: own }).peer?.isOwn, false);
  }
  // The paths are addresses of their own when they name a host.
  assert.throws(
    () => plan(['--whep-path', 'http://sfu.example.com/'], { PEER_URL: 'http://127.0.0.1/' }),
    /sfu\.example\.com is not this machine/,
  );
});

test('what is no address and no process is refused', () => {
  for (const PEER_URL of ['sfu', 'ftp://127.0.0.1/']) {
    assert.throws(() => plan([], { PEER_URL }), /PEER_URL is an http or https address/);
  }
  for (const PEER_PID of ['0', '-1', '1;2', 'self']) {
    assert.throws(() => plan([], { PEER_URL: 'http://127.0.0.1/', PEER_PID }), /PEER_PID is/);
  }
});

test('media goes to no other machine than the one that was named', () => {
  const answer = (address: string) =>
    `v=0\r\na=candidate:1 1 UDP 2130706431 127.0.0.1 5000 typ host\r\na=candidate:2 1 udp 1 ${address} 5000 typ host\r\n`;
  checkAddresses(answer('192.0.2.1'), { isOwn: false, machine });
  assert.throws(
    () => checkAddresses(answer('198.51.100.7'), { isOwn: false, machine }),
    /media is at 198\.51\.100\.7/,
  );
  checkAddresses(answer('198.51.100.7'), { isOwn: true, machine });
});

// `parley doctor` on a server behind NAT: nothing to say when all is well, and the cause of each fault.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type Diagnosis,
  DOCTOR_NETWORK,
  diagnoseServer,
  inside,
  OUTSIDE_ADDRESS,
  PUBLIC_ADDRESS,
  SERVER_ADDRESS,
  setRouter,
} from '../../support/network/doctor-network.ts';
import {
  isInNamespace,
  partInNamespace,
  runInNamespace,
} from '../../support/network/network-namespace.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { ManagedProcess } from '../../support/process/managed-process.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { Parley } from '../../support/server/parley.ts';
import { type Coturn, startCoturn } from '../../support/turn/coturn.ts';

/** Of a doctor on an idle machine; twice as long on a busy one. */
const WITHIN_MS = 20_000;
const TURN_PORT = 3_478;
const REDIS_PORT = 6_379;

/** The router would remember the one before. */
let nextMediaPort = 40_000;

/** Each on a network of its own, at the same time: most of what the doctor does is to wait for packets. */
const PARTS: Readonly<Record<string, () => void>> = {
  'addresses of a server behind NAT': addressTests,
  'a router that blocks or remaps': routerTests,
  'what a server needs of others': otherTests,
};

if (isInNamespace()) PARTS[partInNamespace() ?? '']?.();
else {
  const skip = process.getuid?.() === 0 ? false : 'only root can make this network';
  describe('parley doctor', { concurrency: true, skip }, () => {
    for (const part of Object.keys(PARTS)) {
      test(part, () => runInNamespace(fileURLToPath(import.meta.url), DOCTOR_NETWORK, part));
    }
  });
}

interface World {
  env: Readonly<Record<string, string>>;
  mediaPort: number;
  turn: Coturn;
}

/** Redis and TURN outside, a router that forwards the media port, and the server's environment. */
async function world(context: TestContext): Promise<World> {
  const owned = ownedBy(context);
  const redis = owned.use(
    new ManagedProcess({
      name: 'redis',
      command: 'nsenter',
      args: [
        ...inside('outside').slice(1),
        ...['redis-server', '--bind', OUTSIDE_ADDRESS, '--port', String(REDIS_PORT)],
        ...['--save', '', '--protected-mode', 'no'],
      ],
    }),
  );
  await redis.line(/Ready to accept connections/, DEADLINES.serverReady);
  const turn = owned.use(
    await startCoturn('secret', {
      ...{ address: OUTSIDE_ADDRESS, port: TURN_PORT, command: inside('outside') },
    }),
  );
  const mediaPort = nextMediaPort++;
  await setRouter({ mediaPort });
  const env = {
    ...turn.env,
    REDIS_URL: `redis://${OUTSIDE_ADDRESS}:${REDIS_PORT}`,
    ANNOUNCED_ADDRESS: PUBLIC_ADDRESS,
    MEDIA_PORT: String(mediaPort),
    PIPE_PORTS: '42000-42100',
    WORKERS: '1',
  };
  return { env, mediaPort, turn };
}

/** What is wrong, as `check: cause`. */
function causes({ findings }: Diagnosis, state = 'failed'): string[] {
  const wrong = findings.filter((finding) => finding.state === state);
  return [...new Set(wrong.map(({ check, cause }) => `${check}: ${cause}`))].sort();
}

/** Each failure has its cause and its remedy, and the doctor was quick. */
function isUseful(diagnosis: Diagnosis): void {
  const { findings, elapsedMs, code, ok } = diagnosis;
  assert.deepEqual([code, ok], [1, false], JSON.stringify(findings, undefined, 2));
  for (const { state, cause, remedy } of findings) {
    if (state === 'failed' || state === 'warning') assert.ok(cause && remedy);
  }
  assert.ok(elapsedMs < WITHIN_MS, `it took ${elapsedMs} ms`);
}

function finding({ findings }: Diagnosis, check: string) {
  const found = findings.find((one) => one.check === check && one.state !== 'ok');
  assert.ok(found, `nothing is said of ${check}`);
  return found;
}

function addressTests(): void {
  test('all is well', async (context) => {
    const { env } = await world(context);
    const diagnosis = await diagnoseServer(env);
    const shown = JSON.stringify(diagnosis.findings, undefined, 2);
    assert.deepEqual([diagnosis.code, diagnosis.ok], [0, true], shown);
    const others = diagnosis.findings.filter(({ state }) => state !== 'ok');
    assert.deepEqual(others.map(({ check }) => check).toSorted(), ['recording', 'web'], shown);
    context.diagnostic(`it took ${Math.round(diagnosis.elapsedMs)} ms`);
    assert.ok(diagnosis.elapsedMs < WITHIN_MS);
  });

  test('another address is announced than ours', async (context) => {
    const { env } = await world(context);
    const diagnosis = await diagnoseServer({ ...env, ANNOUNCED_ADDRESS: '203.0.113.99' });
    isUseful(diagnosis);
    assert.deepEqual(causes(diagnosis), ['address: wrong_address']);
    assert.match(finding(diagnosis, 'address').remedy ?? '', /203\.0\.113\.1\b/);
  });

  test('an internal address is announced', async (context) => {
    const { env } = await world(context);
    const diagnosis = await diagnoseServer({ ...env, ANNOUNCED_ADDRESS: SERVER_ADDRESS });
    isUseful(diagnosis);
    assert.deepEqual(causes(diagnosis), ['address: wrong_address']);
  });

  test('nothing is announced', async (context) => {
    const { env } = await world(context);
    const diagnosis = await diagnoseServer({ ...env, ANNOUNCED_ADDRESS: '' });
    isUseful(diagnosis);
    assert.deepEqual(causes(diagnosis), ['address: not_announced']);
  });
}

function routerTests(): void {
  test('the firewall drops UDP to the media port', async (context) => {
    const { env, mediaPort } = await world(context);
    await setRouter({ mediaPort, drop: [`udp dport ${mediaPort} drop`] });
    const diagnosis = await diagnoseServer(env);
    isUseful(diagnosis);
    assert.deepEqual(causes(diagnosis), ['address: udp_blocked']);
  });

  test('the firewall drops all UDP', async (context) => {
    const { env, mediaPort } = await world(context);
    await setRouter({ mediaPort, drop: ['meta l4proto udp drop'] });
    const diagnosis = await diagnoseServer(env);
    isUseful(diagnosis);
    assert.deepEqual(causes(diagnosis), ['address: udp_blocked', 'turn: turn_down']);
    assert.match(finding(diagnosis, 'turn').remedy ?? '', /UDP/);
  });

  test('the firewall drops UDP and TCP to the media port', async (context) => {
    const { env, mediaPort } = await world(context);
    const drop = [`udp dport ${mediaPort} drop`, `tcp dport ${mediaPort} drop`];
    await setRouter({ mediaPort, drop });
    const diagnosis = await diagnoseServer(env);
    isUseful(diagnosis);
    assert.deepEqual(causes(diagnosis), ['address: blocked']);
  });

  test('the router forwards another port', async (context) => {
    const { env, mediaPort } = await world(context);
    await setRouter({ mediaPort, publicPort: 50_000 });
    const diagnosis = await diagnoseServer(env);
    isUseful(diagnosis);
    assert.deepEqual(causes(diagnosis), ['address: port_remapped']);
    assert.match(finding(diagnosis, 'address').detail, /50000/);
  });

  test('the router forwards another port, but only inwards', async (context) => {
    const { env, mediaPort } = await world(context);
    await setRouter({ mediaPort, publicPort: 50_000, oneWay: true });
    const diagnosis = await diagnoseServer(env);
    isUseful(diagnosis);
    assert.deepEqual(causes(diagnosis), ['address: port_not_forwarded']);
  });
}

function otherTests(): void {
  test('the TURN secret is another one', async (context) => {
    const { env } = await world(context);
    const diagnosis = await diagnoseServer({ ...env, TURN_SHARED_SECRET: 'another-secret' });
    isUseful(diagnosis);
    assert.deepEqual(causes(diagnosis), ['turn: wrong_secret']);
  });

  test('the TURN server is down', async (context) => {
    const { env, turn } = await world(context);
    await turn.process.stop();
    const diagnosis = await diagnoseServer(env);
    isUseful(diagnosis);
    assert.deepEqual(causes(diagnosis), ['turn: turn_down']);
  });

  test('a Parley that runs is looked at itself, without being disturbed', async (context) => {
    const { env, mediaPort } = await world(context);
    const { REDIS_URL: _, ...alone } = env;
    const own = { ...alone, AUTH_TOKEN: 'a-token-for-this-test-alone', HOST: SERVER_ADDRESS };
    const elsewhere = { command: inside('server'), address: SERVER_ADDRESS };
    const parley = ownedBy(context).use(await Parley.start(own, elsewhere));
    const url = parley.url.replace(/\/$/, '');
    const args = ['--url', url];
    const well = await diagnoseServer({ ...own, PORT: new URL(url).port }, { args });
    const shown = JSON.stringify(well.findings, undefined, 2);
    assert.deepEqual([well.code, well.ok], [0, true], shown);
    const others = well.findings.filter(({ state }) => state !== 'ok');
    assert.deepEqual(others.map(({ check }) => check).toSorted(), ['recording', 'redis'], shown);
    assert.equal(
      well.findings.filter(({ detail }) => detail.includes('in use by a Parley')).length,
      2,
    );
    await setRouter({ mediaPort, drop: [`udp dport ${mediaPort} drop`] });
    const ill = await diagnoseServer({ ...own, PORT: new URL(url).port });
    isUseful(ill);
    assert.deepEqual(causes(ill), ['address: udp_blocked']);
  });

  for (const clock of ['+1h', '-1h']) {
    test(`the clock is off by ${clock}`, async (context) => {
      const { env } = await world(context);
      const diagnosis = await diagnoseServer(env, { clock });
      isUseful(diagnosis);
      assert.ok(causes(diagnosis).includes('clock: clock_off'), causes(diagnosis).join());
      assert.ok(causes(diagnosis).every((cause) => cause.endsWith(': clock_off')));
      const said =
        clock === '+1h' ? /(3599|36\d\d) s ahead of Redis/ : /(3599|36\d\d) s behind Redis/;
      assert.match(finding(diagnosis, 'clock').detail, said);
      // Without Redis the TURN server's clock tells it.
      const { REDIS_URL: _, ...withoutRedis } = env;
      const byTurn = await diagnoseServer(withoutRedis, { clock });
      isUseful(byTurn);
      assert.match(finding(byTurn, 'clock').detail, /TURN server/);
    });
  }
}

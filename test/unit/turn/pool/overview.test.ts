// What operators are told of the TURN pool, and what a TURN server's own metrics come to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnTable } from '../../../../server/cli/turn-table.ts';
import type { TurnReport } from '../../../../server/cluster/turn.ts';
import { turnLoadOf } from '../../../../server/turn/pool/coturn-metrics.ts';
import { ALLOCATION_LIFETIME_MS, Endings } from '../../../../server/turn/pool/endings.ts';
import { loadsOf, memorable, overviewOf, sampleOf } from '../../../../server/turn/pool/overview.ts';
import type { TurnSample } from '../../../../shared/api/admin.ts';
import { turnServer } from '../../../support/turn/turn-server.ts';

type Figures = TurnReport['servers'][string];
type Address = TurnReport['urls'][number];

const ONE = turnServer('one', { capacity: 100 });
const TWO = turnServer('two', { region: 'eu' });
const URL_OF_ONE = ONE.urls[0] ?? '';

const figures = (more: Partial<Figures> = {}): Figures => ({
  sessions: 0,
  relayed: 0,
  ended: 0,
  refusals: 0,
  allocations: null,
  bitrate: null,
  ...more,
});

function report(
  nodeId: string,
  one: Partial<Figures> = {},
  { state = 'ok', message = null }: Partial<Address> = {},
  paths: Partial<TurnReport['paths']> = {},
): TurnReport {
  const address = (serverId: string, url: string): Address => ({
    ...{ serverId, url, state: 'ok', message: null, roundTripMs: 4 },
  });
  return {
    nodeId,
    region: null,
    urls: [{ ...address('one', URL_OF_ONE), state, message }, address('two', TWO.urls[0] ?? '')],
    servers: { one: figures(one), two: figures() },
    paths: { direct: 0, relay: 0, none: 0, unknown: 0, ...paths },
  };
}

const view = (reports: TurnReport[], servers = [ONE, TWO]) => overviewOf(servers, reports, []);
const warnings = (reports: TurnReport[], servers = [ONE, TWO]) =>
  view(reports, servers).warnings.map(({ message }) => message);

test('what several nodes say is added up, and what the server says of itself is not', () => {
  const { servers, paths } = view([
    report(
      'a',
      { sessions: 3, relayed: 1, refusals: 2, allocations: 40, bitrate: 100 },
      {},
      { relay: 1, direct: 2 },
    ),
    report(
      'b',
      { sessions: 2, relayed: 2, refusals: 1, allocations: 41, bitrate: 90 },
      {},
      { relay: 2 },
    ),
  ]);
  const [one] = servers;
  assert.deepEqual(
    [one?.sessions, one?.relayed, one?.refusals, one?.allocations, one?.bitrate],
    [5, 3, 3, 41, 100],
  );
  assert.deepEqual(paths, { direct: 2, relay: 3, none: 0, unknown: 0 });
});

const STATES: readonly [string, TurnReport[], typeof ONE, string][] = [
  ['one that nobody has probed', [], ONE, 'unknown'],
  [
    'one that somebody reaches',
    [report('a'), report('b', {}, { state: 'failed' })],
    ONE,
    'in-service',
  ],
  ['one that nobody reaches', [report('a', {}, { state: 'failed' })], ONE, 'failed'],
  ['one that is drained', [report('a')], { ...ONE, draining: 'wait' }, 'draining'],
  [
    'a drained one that was ended',
    [report('a', {}, { state: 'failed' })],
    { ...ONE, draining: 'move' },
    'draining',
  ],
];

for (const [what, reports, server, state] of STATES) {
  test(`${what} is ${state}`, () => assert.equal(view(reports, [server]).servers[0]?.state, state));
}

test('a pool without trouble has nothing to warn of', () => {
  assert.deepEqual(warnings([report('a', { sessions: 2, allocations: 4 })]), []);
});

const WARNINGS: readonly [string, TurnReport[], RegExp][] = [
  [
    'a failed server, and why',
    [report('a', {}, { state: 'failed', message: 'refuses' })],
    /one has failed: refuses/,
  ],
  [
    'one that only some nodes reach',
    [report('a'), report('b', {}, { state: 'failed', message: 'no answer' })],
    /not reached by all media nodes: no answer/,
  ],
  [
    'allocations that no session explains',
    [report('a', { sessions: 5, allocations: 60 })],
    /holds 60 allocations, and the sessions explain 20/,
  ],
  [
    'one that is nearly full',
    [report('a', { sessions: 30, allocations: 85 })],
    /nearly full: 85 of 100/,
  ],
  ['somebody who sees black', [report('a', {}, {}, { none: 1 })], /One person has no media path/],
];

for (const [what, reports, sentence] of WARNINGS) {
  test(`it is warned of ${what}`, () => {
    const said = warnings(reports);
    assert.ok(
      said.some((message) => sentence.test(message)),
      said.join('\n'),
    );
  });
}

test('one server alone is worth a warning, and so is none', () => {
  assert.match(warnings([report('a')], [ONE]).join(), /Only one TURN server is in service/);
  assert.match(warnings([], []).join(), /There is no TURN server/);
});

test('sessions that ended lately explain what crashed browsers still hold', () => {
  const reports = [report('a', { sessions: 5, ended: 15, allocations: 60 })];
  assert.deepEqual(warnings(reports), []);
});

test('endings count for as long as an allocation lives, and no longer', () => {
  const endings = new Endings();
  endings.add(['one', 'two'], 0);
  endings.add(['one'], 5_000);
  endings.add(['one'], 30_000);
  assert.deepEqual(
    [...endings.counts(40_000)],
    [
      ['one', 3],
      ['two', 1],
    ],
  );
  assert.deepEqual([...endings.counts(ALLOCATION_LIFETIME_MS + 20_000)], [['one', 1]]);
  assert.deepEqual([...endings.counts(2 * ALLOCATION_LIFETIME_MS)], []);
});

test('a choice goes by what a server counts, else by what our sessions may hold', () => {
  const sample = sampleOf([ONE, TWO], [report('a', { sessions: 2, allocations: 7 })], 1);
  assert.deepEqual(
    [...loadsOf(sample)],
    [
      ['one', 7],
      ['two', 0],
    ],
  );
});

test('of a large pool the busiest are remembered, and the others in one sum', () => {
  const figure = (sessions: number) => ({
    ...{ sessions, relayed: 1, allocations: sessions * 2, explained: sessions * 4, bitrate: null },
  });
  const servers = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`s${n}`, figure(n)]));
  const paths = { direct: 1, relay: 2, none: 0, unknown: 0 };
  const kept = memorable({ at: 1, paths, servers });
  assert.equal(Object.keys(kept.servers).length, 13);
  assert.deepEqual(kept.servers.s39, figure(39));
  assert.equal(kept.servers.s5, undefined);
  const total = (of: TurnSample['servers']) =>
    Object.values(of).reduce(
      (sum, { sessions, allocations }) => sum + sessions + (allocations ?? 0),
      0,
    );
  assert.equal(total(kept.servers), total(servers));
});

test('a history is thinned out, and ends with the newest', () => {
  const paths = { direct: 1, relay: 0, none: 0, unknown: 0 };
  const samples = Array.from({ length: 360 }, (_, at) => ({ at, paths, servers: {} }));
  const { history } = overviewOf([], [], samples);
  assert.deepEqual([history.length, history.at(-1)?.at], [180, 359]);
});

test('the table for a terminal says state, load and trouble', () => {
  const text = turnTable(view([report('a', { sessions: 2, relayed: 1, allocations: 90 })]));
  assert.match(text, /^ID +STATE/);
  assert.match(text, /\none +in-service +- +1 +2 +1 +90 of 100 \(≤ 8\) +4\.0 ms +turn:one/);
  assert.match(text, /\n! one is nearly full/);
});

// As coturn 4.6 and later answer, shortened.
const COTURN = `# HELP turn_total_traffic_rcvb Represents total finished sessions received bytes
# TYPE turn_total_traffic_rcvb counter
turn_total_traffic_rcvb 1000
turn_total_traffic_sentb 2000
turn_total_traffic_rcvp 10
turn_total_traffic_peer_rcvb 300
turn_total_traffic_peer_sentb 400
turn_traffic_rcvb{realm="r",user="1795264031:x"} 77
# TYPE turn_total_allocations gauge
turn_total_allocations{type="UDP"} 5
turn_total_allocations{type="TLS/TCP"} 2
process_open_fds 7
`;

test('a coturn’s metrics come to its allocations and bytes', () => {
  assert.deepEqual(turnLoadOf(COTURN), { allocations: 7, bytes: 3_700 });
});

test('what is not a coturn’s is not taken for one', () => {
  for (const text of ['', '<html></html>', 'turn_total_allocations{type="UDP"} NaN']) {
    assert.throws(() => turnLoadOf(text), /are they those of a coturn/);
  }
});

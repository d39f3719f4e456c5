// Choosing TURN servers for a session: from a thousand, at a hundred joins a second.
import { chooseByWeight, type TurnCandidate } from '../server/turn/pool/choice.ts';
import { credentialsFor } from '../server/turn/pool/credentials.ts';
import { spread } from './statistics.ts';

const SIZES = [2, 10, 100, 1_000];
const JOINS_PER_SECOND = 100;
/** How often the pool changes meanwhile: a server fails or comes back, or its load is read. */
const CHANGES_PER_SECOND = 2;
const SECONDS = 20;
const ROUNDS = 7;

interface Measured {
  choiceUs: number;
  slowestUs: number;
  prepareUs: number;
  cpuShare: number;
}

const rows = SIZES.map((size) => {
  const candidates = pool(size);
  measure(candidates);
  const rounds = Array.from({ length: ROUNDS }, () => measure(candidates));
  const of = (key: keyof Measured) => spread(rounds.map((round) => round[key]));
  return {
    size,
    choice: of('choiceUs'),
    slowest: of('slowestUs'),
    prepare: of('prepareUs'),
    cpu: of('cpuShare'),
  };
});
const mint = spread(Array.from({ length: ROUNDS }, () => timeUs(10_000, (n) => credentials(n))));

process.stdout.write(
  `${JOINS_PER_SECOND} joins and ${CHANGES_PER_SECOND} changes of the pool per second, for ${SECONDS} s\n\n`,
);
process.stdout.write(
  'servers   one choice   the slowest   after a change   of a CPU   to minting\n',
);
for (const { size, choice, slowest, prepare, cpu } of rows) {
  const cells = [
    String(size).padStart(7),
    us(choice.median).padStart(12),
    us(slowest.median).padStart(13),
    us(prepare.median).padStart(16),
    `${(cpu.median * 100).toFixed(3)} %`.padStart(10),
    (choice.median / (2 * mint.median)).toFixed(2).padStart(12),
  ];
  process.stdout.write(`${cells.join(' ')}\n`);
}
process.stdout.write(
  `\nTo compare with: minting credentials for two servers takes ${us(2 * mint.median)}.\n`,
);

function measure(candidates: TurnCandidate[]): Measured {
  const joins = JOINS_PER_SECOND * SECONDS;
  const every = JOINS_PER_SECOND / CHANGES_PER_SECOND;
  let chooser = chooseByWeight(candidates, 'region-1');
  let choosing = 0;
  let preparing = 0;
  let slowest = 0;
  let changes = 0;
  for (let join = 0; join < joins; join++) {
    if (join % every === 0) {
      flip(candidates, join);
      const startedAt = performance.now();
      chooser = chooseByWeight(candidates, 'region-1');
      preparing += performance.now() - startedAt;
      changes += 1;
    }
    const startedAt = performance.now();
    const chosen = chooser({ count: 2, seed: `participant-${join}`, current: [] });
    const took = performance.now() - startedAt;
    if (chosen.length !== 2) throw new Error('somebody got too few servers');
    choosing += took;
    slowest = Math.max(slowest, took);
  }
  return {
    choiceUs: (choosing / joins) * 1_000,
    slowestUs: slowest * 1_000,
    prepareUs: (preparing / changes) * 1_000,
    cpuShare: (choosing + preparing) / (SECONDS * 1_000),
  };
}

function pool(size: number): TurnCandidate[] {
  return Array.from({ length: size }, (_, n) => ({
    id: `relay-${n}`,
    hosts: [`relay-${n}.example.org`],
    region: `region-${n % 4}`,
    weight: 1 + (n % 3),
    state: 'ok',
    load: n % 50,
    full: false,
    draining: false,
  }));
}

/** One server fails, and the last one that failed recovers. */
function flip(candidates: TurnCandidate[], n: number): void {
  for (const [index, state] of [
    [n % candidates.length, 'ok'],
    [(n + 1) % candidates.length, candidates.length > 2 ? 'failed' : 'ok'],
  ] as const) {
    const before = candidates[index];
    if (before) candidates[index] = { ...before, state };
  }
}

function credentials(n: number): void {
  credentialsFor(
    { kind: 'secret', secret: 'of-the-benchmark', ttlSeconds: 600 },
    `participant-${n}`,
    n,
  );
}

function timeUs(times: number, action: (n: number) => void): number {
  const startedAt = performance.now();
  for (let n = 0; n < times; n++) action(n);
  return ((performance.now() - startedAt) / times) * 1_000;
}

function us(microseconds: number): string {
  return `${microseconds.toFixed(1)} µs`;
}

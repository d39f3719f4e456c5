// The parts of `npm test`, in the order they run, and how long each may take.
import { availableParallelism } from 'node:os';
import type { ProgramNeed } from '../process/programs.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** The preparations of a part: prepare.ts makes them, needs.ts checks that parts name them. */
export type Need = 'worker' | 'client' | 'redis' | 'store' | ProgramNeed;

interface PartBase {
  name: string;
  /** The whole part is ended and fails after this: a hang is a named failure, not a stuck CI. */
  timeoutMs: number;
}

export interface CheckPart extends PartBase {
  kind: 'check';
  command: string;
  args: readonly string[];
}

export interface TestPart extends PartBase {
  kind: 'tests';
  /** Globs from the repository's root. */
  files: readonly string[];
  needs: readonly Need[];
  /** Names of those that take longest, which begin first. */
  first?: readonly string[];
  /** Test files at once. */
  concurrency: number;
  /** The same where other programs use most of the machine: processes that starve each other are late. */
  concurrencyWhenBusy: number;
  /** For one test; a test may set a shorter one itself. */
  testTimeoutMs: number;
}

export type Part = CheckPart | TestPart;

export const PARTS: readonly Part[] = [
  { kind: 'check', name: 'lint', command: 'biome', args: ['check'], timeoutMs: 2 * MINUTE },
  { kind: 'check', name: 'types', command: 'tsc', args: ['--noEmit'], timeoutMs: 5 * MINUTE },
  {
    kind: 'tests',
    name: 'unit',
    files: ['test/unit/**/*.test.ts', 'test/support/**/*.test.ts'],
    // The tests of the build look at what was built, and one file has a router of its own: building
    // them is no unit test's time.
    needs: ['worker', 'client'],
    first: ['make-before-break'],
    // They start processes and wait for timers: two at once leave two thirds of the CPU unused.
    concurrency: 2 * availableParallelism(),
    concurrencyWhenBusy: availableParallelism(),
    testTimeoutMs: 30 * SECOND,
    timeoutMs: 5 * MINUTE,
  },
  {
    kind: 'tests',
    name: 'contract',
    files: ['test/contract/**/*.test.ts'],
    needs: ['redis'],
    // They wait for leases more than for the CPU.
    concurrency: 2 * availableParallelism(),
    concurrencyWhenBusy: 2 * availableParallelism(),
    testTimeoutMs: MINUTE,
    timeoutMs: 5 * MINUTE,
  },
  {
    kind: 'tests',
    name: 'integration',
    files: ['test/integration/**/*.test.ts'],
    needs: ['worker', 'redis', 'turn', 'film', 'store'],
    first: ['every-failed-call', 'pool-health', 'network-check', 'patience', 'paths'],
    // They wait for sockets and timers more than for the CPU.
    concurrency: 2 * availableParallelism() + 1,
    concurrencyWhenBusy: availableParallelism() + 1,
    testTimeoutMs: 5 * MINUTE,
    timeoutMs: 20 * MINUTE,
  },
  {
    kind: 'tests',
    name: 'chaos',
    files: ['test/chaos/**/*.test.ts'],
    needs: ['worker', 'client', 'redis', 'film', 'store'],
    // Each test runs half a dozen processes, and those of recordings decode and hash besides: three at once would starve
    // each other, and measure that.
    concurrency: 2,
    concurrencyWhenBusy: 2,
    first: ['endurance', 'losing-redis'],
    testTimeoutMs: 4 * MINUTE,
    timeoutMs: 30 * MINUTE,
  },
  {
    kind: 'tests',
    name: 'e2e',
    files: ['test/e2e/**/*.test.ts'],
    needs: ['worker', 'client', 'redis', 'browsers', 'turn', 'networks', 'film'],
    // Each file runs several browsers that encode video; more of them would starve each other.
    concurrency: 2,
    concurrencyWhenBusy: 2,
    first: ['network-check', 'office-relays', 'doctor-finds-faults', 'cluster-in-namespaces'],
    testTimeoutMs: 4 * MINUTE,
    timeoutMs: 40 * MINUTE,
  },
];

// Provides what the tests run on: the media worker, the built page, programs. Each once per run.
import { ensureClient } from '../../../client/build.ts';
import { ensureDebianPackages } from '../../../native/host/debian.ts';
import { provisionWorker } from '../../../native/provision.ts';
import { missingPackages, type ProgramNeed } from '../process/programs.ts';
import type { Need } from './parts.ts';
import { NO_TESTS, type PartResult } from './report.ts';

export interface Prepared {
  /** The preparations that were made, for the table; empty when all had been made before. */
  preparations: PartResult[];
  /** The preparations that failed. */
  unmet: Need[];
}

export interface Preparation {
  for(needs: readonly Need[]): Promise<Prepared>;
}

interface Options {
  signal: AbortSignal;
}

type Provider = (options: Options) => Promise<unknown>;

const log = (line: string) => console.log(`  ${line}`);

const programs =
  (need: ProgramNeed, why: string): Provider =>
  async ({ signal }) => {
    const packages = missingPackages(need);
    if (packages.length > 0) await ensureDebianPackages(packages, { why, log, signal });
  };

const PROVIDERS: Readonly<Record<Need, Provider>> = {
  worker: ({ signal }) => provisionWorker({ log, signal }),
  client: () => ensureClient({ log }),
  redis: ({ signal }) =>
    ensureDebianPackages(['redis-server'], { why: 'run the tests on Redis', log, signal }),
  // OpenStack Swift has the S3 API of a store that people run, and no service of the machine is started.
  store: ({ signal }) =>
    ensureDebianPackages(['python3-swift'], {
      why: 'run the tests on object storage',
      log,
      signal,
    }),
  browsers: programs('browsers', 'run the end-to-end tests'),
  turn: programs('turn', 'run the tests of TURN'),
  networks: programs('networks', 'run the tests on networks of their own'),
  film: programs('film', 'run the tests of recordings'),
};

export function prepare(options: Options): Preparation {
  const done = new Map<Need, boolean>();

  async function provide(need: Need): Promise<PartResult> {
    console.log(`\n— preparing: ${need} —\n`);
    const startedAt = performance.now();
    const problems: string[] = [];
    try {
      await PROVIDERS[need](options);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
    done.set(need, problems.length === 0);
    const durationMs = performance.now() - startedAt;
    return { ...NO_TESTS, name: `(${need})`, durationMs, problems };
  }

  return {
    async for(needs) {
      const preparations: PartResult[] = [];
      for (const need of needs) {
        if (!done.has(need)) preparations.push(await provide(need));
      }
      return { preparations, unmet: needs.filter((need) => !done.get(need)) };
    },
  };
}

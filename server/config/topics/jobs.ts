// Jobs that may wait, such as films: how long, how many, and what a process does of them at once.
import { integer, setting } from '../setting.ts';

export const jobs = {
  atOnce: setting('JOBS_AT_ONCE', integer(1, 64), {
    default: 1,
    about:
      'Jobs that one `worker` process does at once. A film uses RECORD_FILM_THREADS CPUs by itself; two at once take as long as one after the other.',
  }),
  leaseMs: setting('JOB_LEASE_MS', integer(500, 600_000), {
    default: 30_000,
    about:
      'How long a job stays with a process that says nothing any more; it renews three times in that time. Another process begins the job anew then. Longer than a restart of Redis, so that a film is not begun again for that.',
  }),
  maxUnfinished: setting('MAX_JOBS', integer(1, 100_000), {
    default: 10_000,
    about:
      'Jobs that wait or are being done, in the whole cluster. More are refused with `no_capacity`: they take the memory of Redis, 1 kB each or so.',
  }),
  keepDays: setting('JOB_KEEP_DAYS', integer(1, 3_650), {
    default: 7,
    about:
      'Days for which a job that ended is remembered, with what came of it: long enough to look into what failed over a weekend.',
  }),
  maxEnded: setting('MAX_ENDED_JOBS', integer(1, 100_000), {
    default: 1_000,
    about: 'Ended jobs of one kind that are remembered at most; the oldest are forgotten first.',
  }),
} as const;

// `parley load` as a command: a plan runs, its progress is shown, and its report is printed and judged.
import { hostname, networkInterfaces } from 'node:os';
import { ParleyError } from '../../shared/errors.ts';
import type { LoadPlan } from './plan.ts';
import { judge } from './report/judge.ts';
import { progressLine, table } from './report/table.ts';
import type { Machine } from './this-machine.ts';

/** The exit code of a run that was ended by Ctrl-C, as shells have it. */
const INTERRUPTED = 130;
/** Lines of progress where no terminal shows one that changes. */
const LINE_EVERY = 10;
const NO_STACK =
  'node-datachannel, which the load tool sends with, is not installed or does not run here: npm ci';

export interface CommandOptions {
  machine: Machine;
  /** The report. */
  write(text: string): void;
}

export function thisMachine(): Machine {
  const interfaces = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return { addresses: interfaces.map(({ address }) => address), names: [hostname()] };
}

/** @returns the exit code. @throws ParleyError when the media server may not be called */
export async function loadCommand(plan: LoadPlan, options: CommandOptions): Promise<number> {
  const ending = new AbortController();
  // The second Ctrl-C ends the process, as without us.
  const end = () => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const progress = progressOn(process.stderr);
  try {
    // Only a run needs WebRTC, and an installation without the packages for development has none.
    const { runLoad } = await import('./run.ts').catch((cause) => {
      throw new ParleyError('not_found', { message: NO_STACK, cause });
    });
    const { machine } = options;
    const report = await runLoad(plan, {
      ...{ machine, signal: ending.signal },
      onProgress: (state) => progress.show(progressLine(state)),
    });
    progress.end();
    const verdict = judge(report, plan.thresholds);
    options.write(
      plan.json
        ? JSON.stringify({ ...report, breaches: verdict.breaches }, undefined, 2)
        : table(report, verdict),
    );
    return ending.signal.aborted ? INTERRUPTED : verdict.exitCode;
  } finally {
    progress.end();
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

/** One line that changes in a terminal; a line now and then in a file. */
function progressOn(stream: NodeJS.WriteStream) {
  let shown = 0;
  return {
    show(line: string) {
      if (stream.isTTY) stream.write(`\r\u001b[K${line}`);
      else if (shown % LINE_EVERY === 0) stream.write(`${line}\n`);
      shown++;
    },
    end() {
      if (stream.isTTY && shown > 0) stream.write('\r\u001b[K');
      shown = 0;
    },
  };
}

// A `worker` process as it is shipped, with a kind of jobs for tests in place of its own.
//
// A job's payload says what to do: `mark` is a name for what it runs, `endsWhen` a file whose appearance ends it.
import { existsSync } from 'node:fs';
import * as v from 'valibot';
import { loadConfig } from '../../../server/config/config.ts';
import { startWorker } from '../../../server/entries/compose-cluster.ts';
import { connectStore } from '../../../server/entries/connect-store.ts';
import { closeOnSignals } from '../../../server/entries/process.ts';
import { runChild } from '../../../server/jobs/child.ts';
import type { JobKind } from '../../../server/jobs/kind.ts';
import { createLogger } from '../../../server/telemetry/log.ts';

const Payload = v.object({ endsWhen: v.string() });

/** Runs a shell until the file is there, as a film runs ffmpeg. */
const wait: JobKind<v.InferOutput<typeof Payload>> = {
  schema: Payload,
  async run({ payload, key, attempt }, { signal, progress }) {
    console.log(`began ${key} ${attempt}`);
    const script = `while [ ! -e "$0" ]; do echo waits; sleep 0.05; done`;
    await runChild({
      ...{ command: 'sh', args: ['-c', script, payload.endsWhen], signal },
      onStdoutLine: () => progress(0.5),
    });
    return { by: process.pid, ended: existsSync(payload.endsWhen) };
  },
};

const config = loadConfig(process.env);
const log = createLogger(config.telemetry.logLevel);
const cluster = await connectStore(config, log);
const worker = await startWorker({ config, log, cluster, kinds: () => ({ wait }) });
closeOnSignals(worker, { timeoutMs: config.timing.shutdownMs, log });
console.log(`ready ${worker.port} ${worker.summary}`);

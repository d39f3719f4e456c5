// The recorder beside a media node, which starts it and talks to it through its IPC channel.
import * as v from 'valibot';
import { loadConfig } from '../config/config.ts';
import { Configure, type FromRecorder } from '../recording/process/messages.ts';
import type { Recorder } from '../recording/process/recorder.ts';
import { startRecorder } from '../recording/process/start-recorder.ts';
import { StoreError } from '../recording/stores/store.ts';
import { describeTrouble } from '../recording/stores/trouble.ts';
import { createLogger } from '../telemetry/log.ts';
import { Resources } from '../telemetry/resources.ts';
import { failToStart, whyNotStarted } from './process.ts';

/** What came while the recorder started. */
const early: unknown[] = [];
let recorder: Recorder | undefined;
let isConfigured = false;

// One that is not needed any more before it was told anything.
process.once('disconnect', () => {
  if (!isConfigured) process.exit(0);
});
process.once('message', (first) => {
  isConfigured = true;
  process.on('message', (message) => {
    if (recorder) recorder.receive(message);
    else early.push(message);
  });
  start(first).catch(fail);
});
// A recorder that was started by hand has no channel to a media node, and nothing to record.
if (!process.connected) failToStart(new Error('It is started by sfu-rtc.'), process.env);

/** The media node says why, in its log and in the rooms that are recorded. */
function fail(error: unknown): void {
  if (!process.connected) failToStart(error, process.env);
  const problem =
    error instanceof StoreError ? describeTrouble(error) : whyNotStarted(error, process.env);
  process.send?.({ say: 'failed', problem } satisfies FromRecorder, () => process.exit(1));
}

async function start(first: unknown): Promise<void> {
  const { variables } = v.parse(Configure, first);
  const config = loadConfig({ ...process.env, ...variables });
  const log = createLogger(config.telemetry.logLevel).child({ part: 'recorder' });
  process.on('unhandledRejection', (error) => {
    log.error({ err: error }, 'a promise was rejected and nobody listened');
  });
  const started = await startRecorder({
    config,
    say: (message) => void process.send?.(message),
    resources: new Resources(),
    log,
  });
  recorder = started;
  for (const message of early.splice(0)) started.receive(message);
  // The media node wants us to end, or is gone: what there is goes to the store, and nothing is left behind.
  const close = () => {
    started
      .close(config.timing.shutdownMs)
      .catch((err) => log.error({ err }, 'the recorder did not close'))
      .finally(() => process.exit(0));
  };
  process.once('disconnect', close);
  if (!process.connected) close();
}

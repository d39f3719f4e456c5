// For health checks of containers: exits 0 when the server of this environment answers, whatever HOST is.
import { loadConfig } from '../config/config.ts';
import { localUrls } from '../telemetry/local-url.ts';

const TIMEOUT_MS = 2_500;

const { http } = loadConfig(process.env);
const answers = localUrls(http).map(async (base) => {
  const { ok } = await fetch(new URL('healthz', base), { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!ok) throw new Error(`${base} is not healthy`);
});
Promise.any(answers).then(
  () => process.exit(0),
  (error: AggregateError) => {
    process.stderr.write(`${error.errors.map(String).join('\n')}\n`);
    process.exit(1);
  },
);

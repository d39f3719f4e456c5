// Whether the web server answers at its public address, and what its clock says.
import type { ClockSample } from '../diagnoses/clock.ts';
import { failed, ok, skipped, type Verdict } from '../finding.ts';

export interface WebCheck {
  verdict: Verdict;
  clock: ClockSample | undefined;
}

const TIMEOUT_MS = 4_000;
/** The header has whole seconds, rounded down. */
const HEADER_UNCERTAINTY_MS = 1_000;

/** @param url undefined when it was not given */
export async function checkWeb(url: string | undefined): Promise<WebCheck> {
  if (url === undefined) {
    return { verdict: skipped('No --url was given: the page was not tried.'), clock: undefined };
  }
  try {
    const health = await ask(new URL('/healthz', url));
    const ready = await ask(new URL('/readyz', url));
    const clock = health.clock ?? ready.clock;
    if (health.status !== 200) return { verdict: notHealthy(url, health.status), clock };
    if (ready.status !== 200) return { verdict: notReady(ready.status), clock };
    return { verdict: ok(`${url} answers, and is ready.`), clock };
  } catch (error) {
    return { verdict: unreachable(url, error), clock: undefined };
  }
}

async function ask(url: URL): Promise<{ status: number; clock: ClockSample | undefined }> {
  const sentAt = Date.now();
  const response = await fetch(url, {
    redirect: 'follow',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { 'cache-control': 'no-store' },
  });
  const receivedAt = Date.now();
  await response.body?.cancel();
  const theirs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return { status: response.status, clock: undefined };
  const offsetMs = (sentAt + receivedAt) / 2 - (theirs + HEADER_UNCERTAINTY_MS / 2);
  const uncertaintyMs = HEADER_UNCERTAINTY_MS + (receivedAt - sentAt);
  return {
    status: response.status,
    clock: { source: `the web server at ${url.host}`, offsetMs, uncertaintyMs },
  };
}

function notHealthy(url: string, status: number): Verdict {
  return failed(
    'not_healthy',
    `${url} answers /healthz with ${status}: that is another program, or a proxy without Parley behind it.`,
    'Start Parley, or lead the address to its PORT.',
  );
}

function notReady(status: number): Verdict {
  return failed(
    'not_ready',
    `Parley runs, but is not ready (/readyz answers ${status}): without a store or a media node nobody can join.`,
    'See what is said of Redis; start an sfu-rtc process; or wait if it is being replaced.',
  );
}

function unreachable(url: string, error: unknown): Verdict {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const isTls = /CERT|TLS|SSL|SIGNED|ALTNAME/.test(code);
  const detail = `${url} cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}.`;
  if (isTls) {
    return failed('tls', detail, 'Give it a certificate that browsers accept for this name.');
  }
  return failed(
    'unreachable',
    detail,
    'Start Parley, or correct --url, its DNS record or the proxy.',
  );
}

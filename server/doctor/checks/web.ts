// Whether the web server answers at its public address, and its clock.
import * as v from 'valibot';
import { SIGNALING_PATH, SUBPROTOCOL } from '../../../shared/protocol/protocol.ts';
import type { ClockSample } from '../diagnoses/clock.ts';
import { failed, ok, skipped, type Verdict } from '../finding.ts';

export interface WebCheck {
  verdict: Verdict;
  clock: ClockSample | undefined;
}

const Refusal = v.object({ error: v.object({ code: v.string() }) });

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
    return { verdict: await checkSocket(url), clock };
  } catch (error) {
    return { verdict: unreachable(url, error), clock: undefined };
  }
}

/** Whether a WebSocket opens: a proxy may pass plain requests only. */
async function checkSocket(url: string): Promise<Verdict> {
  const address = new URL(SIGNALING_PATH, url);
  address.protocol = address.protocol.replace('http', 'ws');
  if (await opens(new WebSocket(address, SUBPROTOCOL))) {
    return ok(`${url} answers, is ready, and takes WebSockets.`);
  }
  const plain = await fetch(new URL(SIGNALING_PATH, url), {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { accept: 'application/json' },
  });
  const { error } = v.parse(Refusal, await plain.json().catch(() => ({ error: { code: '' } })));
  if (error.code === 'no_capacity' || error.code === 'shutting_down') {
    return failed(
      'not_ready',
      `${url} takes no more WebSockets: ${error.code}.`,
      'Start another web replica, or wait.',
    );
  }
  const who = plain.headers.get('server');
  const proxy = `The proxy in front of Parley${who ? ` (${who})` : ''}`;
  return failed(
    'no_upgrade',
    `${url} is ready, but no WebSocket opens there, so nobody can join. ${proxy} does not pass the Upgrade header on.`,
    'In nginx, add to the location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";. Other proxies have a setting for WebSockets.',
  );
}

function opens(socket: WebSocket): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (opened: boolean) => {
      clearTimeout(timer);
      socket.close();
      resolve(opened);
    };
    const timer = setTimeout(() => finish(false), TIMEOUT_MS);
    socket.addEventListener('open', () => finish(true));
    socket.addEventListener('error', () => finish(false));
    socket.addEventListener('close', () => finish(false));
  });
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

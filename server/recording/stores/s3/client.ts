// Requests to the store: signed, repeated when that helps, and refused in words.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../../telemetry/log.ts';
import { StoreError } from '../store.ts';
import { readRefusal } from './answers.ts';
import { CredentialSource } from './credentials.ts';
import { bodyOf, Http } from './http.ts';
import { type FailedAnswer, interrupted, refused, type Step } from './refusals.ts';
import type { S3Settings } from './settings.ts';
import { encodedKey, queryText, signed } from './signature.ts';

export interface S3Request {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Without it the request is about the bucket. */
  key?: string;
  query?: Readonly<Record<string, string>>;
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>;
  body?: Buffer;
  /** SHA-256 of the body in hex, where it is known already. */
  sha256?: string;
  /** Completes “The store failed to …”. */
  verb: string;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** Tries of one request. Whatever takes longer is the caller's to repeat: it knows what is worth it. */
const TRIES = 4;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 5_000;
/** What a store asks us to wait is heeded up to this. */
const MAX_RETRY_AFTER_MS = 10_000;
/** Stores refuse what was signed a quarter of an hour before or after. */
const MAX_SKEW_MS = 10 * 60_000;
const EMPTY = createHash('sha256').digest('hex');

interface Failure {
  error: StoreError;
  step: Step;
  waitMs: number | undefined;
}

export class S3Client {
  readonly settings: S3Settings;
  readonly place: string;
  readonly #credentials: CredentialSource;
  readonly #http: Http;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #closed = new AbortController();
  /** What is added to our clock to be the store's. Milliseconds. */
  #clockOffset = 0;

  /** @param now our clock, in UTC milliseconds */
  constructor(settings: S3Settings, log: Logger, now: () => number = Date.now) {
    this.settings = settings;
    this.#now = now;
    this.#log = log;
    this.#credentials = new CredentialSource(settings.credentials);
    this.#http = new Http(settings.timeoutMs);
    this.place = `bucket ${settings.bucket} at ${settings.endpoint}`;
  }

  /** The answer with its whole body, which is read to its end. @throws StoreError */
  send(request: S3Request): Promise<Answer> {
    return this.#repeated(request, async (response) => ({
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: await bodyOf(response, request.method),
    }));
  }

  /** The answer as it arrives; its reader looks whether it is whole. @throws StoreError */
  stream(request: S3Request): Promise<IncomingMessage> {
    return this.#repeated(request, (response) => response);
  }

  /** Errors in terms of the operator's. */
  broke(cause: unknown, verb: string): StoreError {
    return interrupted(cause, this.#subject(verb));
  }

  refusal(answer: { status: number; code: string; message: string }, verb: string): StoreError {
    return refused(answer, this.#subject(verb)).error;
  }

  close(): void {
    this.#closed.abort();
    this.#http.close();
  }

  async #repeated<T>(
    request: S3Request,
    use: (response: IncomingMessage) => T | Promise<T>,
  ): Promise<T> {
    let waitMs = FIRST_WAIT_MS;
    let hasSetClock = false;
    for (let attempt = 1; ; attempt++) {
      request.signal?.throwIfAborted();
      const credentials = await this.#credentials.current();
      const done = await this.#once(request, use);
      if (!('step' in done)) return done.value;
      const { error, step } = done;
      if (step === 'set_clock' && !hasSetClock) {
        hasSetClock = true;
        continue;
      }
      if (step === 'renew' && attempt < TRIES && (await this.#credentials.renew(credentials))) {
        this.#log.info({ place: this.place }, 'the store refused our keys: going on with new ones');
        continue;
      }
      if (step !== 'again' || attempt >= TRIES || this.#closed.signal.aborted) throw error;
      // Full jitter: many requests that failed together do not come again together.
      await sleep(Math.max(done.waitMs ?? 0, Math.random() * waitMs), undefined, {
        signal: AbortSignal.any([this.#closed.signal, ...(request.signal ? [request.signal] : [])]),
      }).catch(() => {});
      waitMs = Math.min(waitMs * 2, MAX_WAIT_MS);
    }
  }

  async #once<T>(
    request: S3Request,
    use: (response: IncomingMessage) => T | Promise<T>,
  ): Promise<{ value: T } | Failure> {
    const subject = this.#subject(request.verb);
    try {
      const response = await this.#http.send(await this.#signed(request));
      const { statusCode: status = 0 } = response;
      if (status >= 200 && status < 300) return { value: await use(response) };
      const body = (await bodyOf(response, request.method)).toString('utf8');
      const refusal = this.#withClock({ status, ...readRefusal(body) }, response.headers.date);
      const { error, step } = refused(refusal, subject);
      if (step === 'set_clock') this.#setClock(response.headers.date);
      return { error, step, waitMs: retryAfter(response.headers['retry-after']) };
    } catch (cause) {
      request.signal?.throwIfAborted();
      const isOurs = cause instanceof StoreError;
      const error = interrupted(cause, subject);
      return { error, step: isOurs ? 'give_up' : 'again', waitMs: undefined };
    }
  }

  async #signed(request: S3Request) {
    const { endpoint, bucket, pathStyle, region } = this.settings;
    const { origin, host, pathname } = new URL(endpoint);
    const base = pathname === '/' ? '' : pathname;
    const below = request.key === undefined ? '' : encodedKey(request.key);
    const path = pathStyle
      ? `${base}/${encodedKey(bucket)}${below === '' ? '' : `/${below}`}`
      : `${base}/${below}`;
    const { query = {}, body } = request;
    const headers = {
      host: pathStyle ? host : `${bucket}.${host}`,
      ...request.headers,
      ...(body && { 'content-length': String(body.length) }),
    };
    const payloadHash =
      request.sha256 ?? (body ? createHash('sha256').update(body).digest('hex') : EMPTY);
    const search = queryText(query);
    return {
      method: request.method,
      origin: pathStyle ? origin : origin.replace('://', `://${bucket}.`),
      path: search === '' ? path : `${path}?${search}`,
      headers: signed({
        ...{ method: request.method, path, query, headers, payloadHash, region },
        credentials: await this.#credentials.current(),
        at: this.#now() + this.#clockOffset,
      }),
      ...(body && { body }),
      signal: request.signal,
    };
  }

  /** The answer to a HEAD has no body, so it cannot say that the clock is the reason. */
  #withClock(answer: FailedAnswer, date: string | undefined): FailedAnswer {
    const differsMs = Math.abs(Date.parse(date ?? '') - this.#now() - this.#clockOffset);
    const isClock = answer.status === 403 && answer.code === '' && differsMs > MAX_SKEW_MS;
    return isClock ? { ...answer, code: 'RequestTimeTooSkewed' } : answer;
  }

  #setClock(date: string | undefined): void {
    const theirs = Date.parse(date ?? '');
    if (Number.isNaN(theirs)) return;
    const offset = theirs - this.#now();
    // Requests that were under way together are refused together.
    const isNew = Math.abs(offset - this.#clockOffset) > MAX_SKEW_MS;
    this.#clockOffset = offset;
    if (!isNew) return;
    this.#log.warn(
      { place: this.place, differsBySeconds: Math.round(this.#clockOffset / 1_000) },
      'the clock of this machine differs from the store’s: going on with the store’s; set this one, with NTP',
    );
  }

  #subject(verb: string): string {
    return `${verb} (${this.place})`;
  }
}

function retryAfter(header: string | undefined): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  if (Number.isNaN(seconds) || seconds < 0) return undefined;
  return Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS);
}

// What a failed request means: whose fault it is, whether to try again, and what the operator reads. Pure.
import { StoreError, type StoreProblem } from '../store.ts';
import type { Refusal } from './answers.ts';

export interface FailedAnswer extends Refusal {
  status: number;
}

/** What follows from it, besides the error. */
export type Step =
  | 'give_up'
  /** Later, with the same request. */
  | 'again'
  /** With other keys, if there are others. */
  | 'renew'
  /** With the clock of the store. */
  | 'set_clock';

const BY_CODE: Readonly<Record<string, readonly [StoreProblem, Step]>> = {
  RequestTimeTooSkewed: ['clock', 'set_clock'],
  NoSuchBucket: ['no_bucket', 'give_up'],
  NoSuchKey: ['missing', 'give_up'],
  NoSuchUpload: ['missing', 'give_up'],
  NotFound: ['missing', 'give_up'],
  InvalidAccessKeyId: ['denied', 'renew'],
  SignatureDoesNotMatch: ['denied', 'renew'],
  AccessDenied: ['denied', 'renew'],
  ExpiredToken: ['denied', 'renew'],
  InvalidToken: ['denied', 'renew'],
  TokenRefreshRequired: ['denied', 'renew'],
  InvalidSecurity: ['denied', 'renew'],
  AccountProblem: ['denied', 'give_up'],
  AuthorizationHeaderMalformed: ['denied', 'give_up'],
  PermanentRedirect: ['denied', 'give_up'],
  BadDigest: ['corrupt', 'again'],
  InvalidDigest: ['corrupt', 'again'],
  IncompleteBody: ['corrupt', 'again'],
  XAmzContentSHA256Mismatch: ['corrupt', 'again'],
  RequestTimeout: ['failing', 'again'],
  SlowDown: ['failing', 'again'],
  QuotaExceeded: ['full', 'give_up'],
  XMinioStorageFull: ['full', 'again'],
  EntityTooLarge: ['full', 'give_up'],
};

/** @param subject names the place and what was tried: `write recordings/a in bucket b at https://s3` */
export function refused(answer: FailedAnswer, subject: string): { error: StoreError; step: Step } {
  const [problem, step] = meaning(answer);
  const said = [answer.code, oneLine(answer.message)].filter((part) => part !== '').join(': ');
  const heard = `it answered ${answer.status}${said === '' ? '' : ` (${said})`}`;
  return {
    error: new StoreError(problem, `${sentence(problem, answer, subject)}: ${heard}.`),
    step,
  };
}

function meaning({ code, status }: FailedAnswer): readonly [StoreProblem, Step] {
  const known = BY_CODE[code];
  if (known) return known;
  if (status === 404) return ['missing', 'give_up'];
  if (status === 401 || status === 403) return ['denied', 'renew'];
  if (status === 301 || status === 307 || status === 308) return ['denied', 'give_up'];
  if (status === 507) return ['full', 'again'];
  if (status >= 500 || status === 429 || status === 408 || status === 409) {
    return ['failing', 'again'];
  }
  return ['failing', 'give_up'];
}

function sentence(problem: StoreProblem, { region }: Refusal, subject: string): string {
  switch (problem) {
    case 'clock':
      return `The store refuses to ${subject}, because the clock of this machine differs from its own`;
    case 'no_bucket':
      return `The store cannot ${subject}, because there is no such bucket`;
    case 'denied':
      return region === undefined
        ? `The store does not let these keys ${subject}`
        : `The store does not let us ${subject}, because the bucket is in region ${oneLine(region)}`;
    case 'full':
      return `The store has no room to ${subject}`;
    case 'corrupt':
      return `The store did not get what was sent to ${subject}`;
    case 'missing':
      return `The store has nothing to ${subject}`;
    default:
      return `The store failed to ${subject}`;
  }
}

/** Codes of the system and of Node.js: there is no connection to the store at all. */
const NO_CONNECTION = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'EPROTO',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** A request that got no whole answer. */
export function interrupted(cause: unknown, subject: string): StoreError {
  if (cause instanceof StoreError) return cause;
  const code = cause instanceof Error ? String(Reflect.get(cause, 'code') ?? '') : '';
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : code;
  const isAway = NO_CONNECTION.has(code) || code.startsWith('ERR_SSL');
  return isAway
    ? new StoreError('unreachable', `The store cannot be reached to ${subject}: ${reason}.`, {
        cause,
      })
    : new StoreError('failing', `The store broke off as it was to ${subject}: ${reason}.`, {
        cause,
      });
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 300).trim().replace(/\.$/, '');
}

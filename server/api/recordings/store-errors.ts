// What a request is told when the store of recordings does not answer.
import { ParleyError } from '../../../shared/errors.ts';
import { StoreError } from '../../recording/stores/store.ts';
import type { Logger } from '../../telemetry/log.ts';

const GONE = 'This file is not there any more.';
const SENTENCE =
  'The place where recordings are kept does not answer at the moment. Calls go on; try again in a minute. The operator finds the cause in the log.';

/** A StoreError as an error for people, its cause in the log; any other as it is. */
export function explained(error: unknown, log: Logger): unknown {
  if (!(error instanceof StoreError)) return error;
  if (error.code === 'missing') return new ParleyError('not_found', { message: GONE });
  log.warn({ err: error, code: error.code }, 'the store of recordings refused a request');
  return new ParleyError('unavailable', { message: SENTENCE, cause: error });
}

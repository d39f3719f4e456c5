// The user's next step after an error that prevented or ended a call. Pure.
import type { ErrorCode } from '../../../shared/errors.ts';

export type Remedy =
  /** The same action may work again: Join remains, or Rejoin is offered. */
  | 'retry'
  /** A new version of the page is needed. */
  | 'reload'
  /** The name has to be changed first. */
  | 'name'
  /** Only a new link helps. */
  | 'none';

const REMEDIES: Partial<Record<ErrorCode, Remedy>> = {
  unsupported_version: 'reload',
  bad_message: 'reload',
  unknown_method: 'reload',
  invalid_name: 'name',
  token_required: 'none',
  token_invalid: 'none',
  token_expired: 'none',
  token_wrong_room: 'none',
  invitation_ended: 'none',
  origin_denied: 'none',
  forbidden: 'none',
  removed: 'none',
  unsupported_media: 'none',
};

export function remedyFor(code: ErrorCode): Remedy {
  return REMEDIES[code] ?? 'retry';
}

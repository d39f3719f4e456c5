// What the user can do about an error that kept them out of a call, or ended it. Pure.
import type { ErrorCode } from '../../../shared/errors.ts';

export type Remedy =
  /** The same again may work: Join stays, or Rejoin is offered. */
  | 'retry'
  /** A new version of the page is needed. */
  | 'reload'
  /** The name has to be changed first. */
  | 'name'
  /** Nothing here helps; a new link does. */
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

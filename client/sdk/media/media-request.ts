// How sender and receiver ask the server for something in the name of their media session.
import type { ParleyError } from '../../../shared/errors.ts';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';

/**
 * Says something about a media session, again while the server cannot take it.
 *
 * @param key tells it from others of the same method
 * @param params what is true by then; undefined when it is moot
 */
export type MediaRequest = <K extends 'connect' | 'publish' | 'ready'>(
  method: K,
  key: string,
  params: () => MethodParams<K> | undefined,
  onRefused?: (error: ParleyError) => void,
) => void;

// How sender and receiver send requests about their media session to the server.
import type { ParleyError } from '../../../shared/errors.ts';
import type { MethodParams, MethodResult } from '../../../shared/protocol/protocol.ts';

/**
 * Sends a request about a media session, and repeats it while the server cannot take it.
 *
 * @param key distinguishes requests of the same method
 * @param onAnswer called with the server's answer
 * @param params made from the state of that moment; undefined when no longer needed
 */
export type MediaRequest = <K extends 'connect' | 'publish' | 'ready'>(
  method: K,
  key: string,
  params: () => MethodParams<K> | undefined,
  onRefused?: (error: ParleyError) => void,
  onAnswer?: (result: MethodResult<K>) => void,
) => void;

// Asks the admin API of a running Parley, as its operator.

import * as v from 'valibot';
import { ParleyError } from '../../shared/errors.ts';
import { ErrorBody, errorFromBody, parse } from '../../shared/rpc.ts';

export interface AdminApi {
  /** Each throws ParleyError: what the server answered, or `unreachable`. */
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  delete(path: string): Promise<unknown>;
}

const TIMEOUT_MS = 15_000;
const Failure = v.object({ error: ErrorBody });

/** @param token AUTH_TOKEN of that server */
export function adminApi(base: URL, token: string | undefined): AdminApi {
  const request = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, base), {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause) => {
      throw new ParleyError('unreachable', {
        message: `Nothing answers at ${base.origin}. Name the address of web with --server, or in PARLEY_URL.`,
        cause,
      });
    });
    if (response.status === 204) return undefined;
    const answer = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const failure = v.safeParse(Failure, answer);
    if (failure.success) throw errorFromBody(parse(ErrorBody, failure.output.error));
    throw new ParleyError('unreachable', {
      message: `${base.origin} answers HTTP ${response.status}: it is not a Parley, or a proxy in front of it has trouble.`,
    });
  };
  return {
    get: (path) => request('GET', path),
    post: (path, body) => request('POST', path, body),
    delete: (path) => request('DELETE', path),
  };
}

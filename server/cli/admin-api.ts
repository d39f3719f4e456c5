// Asks the admin API of a running Parley, as its operator.

import * as v from 'valibot';
import { ParleyError } from '../../shared/errors.ts';
import { ErrorBody, errorFromBody, parse } from '../../shared/protocol/rpc.ts';
import { connectionFailure, redirection } from './connection-failure.ts';

/**
 * Each throws ParleyError: the error in the answer, or `unreachable`. An answer that does not fit the
 * schema is `unreachable` too: another program may listen there.
 */
export interface AdminApi {
  get<S extends v.GenericSchema>(path: string, schema: S): Promise<v.InferOutput<S>>;
  post<S extends v.GenericSchema>(
    path: string,
    body: unknown,
    schema: S,
  ): Promise<v.InferOutput<S>>;
  delete(path: string): Promise<void>;
}

const TIMEOUT_MS = 15_000;
const Failure = v.object({ error: ErrorBody });

interface Answer {
  status: number;
  /** The body as JSON; undefined when it is none. */
  body: unknown;
}

/** @param token AUTH_TOKEN of that server */
export function adminApi(base: URL, token: string | undefined): AdminApi {
  const unreachable = (message: string, cause?: unknown) =>
    new ParleyError('unreachable', { message, cause });

  const send = async (method: string, url: URL, body: unknown) => {
    try {
      const response = await fetch(url, {
        method,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // Followed, a POST would become a GET, and lose the token on its way to another host.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const { status, headers } = response;
      return { status, location: headers.get('location'), text: await response.text() };
    } catch (cause) {
      throw unreachable(connectionFailure(base, cause, TIMEOUT_MS), cause);
    }
  };

  const request = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const url = new URL(path, base);
    const { status, location, text } = await send(method, url, body);
    const answer = { status, body: jsonIn(text) };
    if (status >= 200 && status < 300) return answer;
    if (status >= 300 && status < 400) throw unreachable(redirection(url, location));
    const failure = v.safeParse(Failure, answer.body);
    if (failure.success) throw errorFromBody(parse(ErrorBody, failure.output.error));
    throw unreachable(
      `${base.origin} answers HTTP ${status}: it is not a Parley, or a proxy in front of it has trouble.`,
    );
  };

  const strange = () =>
    unreachable(
      `${base.origin} answers, but not as a Parley of this release does. Look whether --server or PARLEY_URL names web, and whether that is of the same release as this command.`,
    );

  const understood = <S extends v.GenericSchema>(schema: S, { body }: Answer) => {
    const result = v.safeParse(schema, body);
    if (!result.success) throw strange();
    return result.output;
  };

  return {
    get: async (path, schema) => understood(schema, await request('GET', path)),
    post: async (path, body, schema) => understood(schema, await request('POST', path, body)),
    delete: async (path) => {
      const { status } = await request('DELETE', path);
      if (status !== 204) throw strange();
    },
  };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

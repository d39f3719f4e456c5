// A request to the server's HTTP API with a bearer token, and what its refusals mean to people.
import { Refusal } from '../../../shared/api/admin.ts';
import { parse } from '../../../shared/protocol/rpc.ts';

/** Longer than any answer takes. After it the page marks its data as old. Milliseconds. */
const TIMEOUT_MS = 8_000;
const UNREACHABLE = 'The server cannot be reached.';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** `unreachable` without an answer, otherwise the server's code. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  /** The token is wrong, or the server has none: no request will succeed. */
  get isFinal(): boolean {
    return this.code === 'unauthorized' || this.code === 'not_found';
  }
}

export interface ApiRequest {
  method: string;
  path: string;
  token: string;
  body?: object | undefined;
}

/** @returns the parsed JSON, or undefined. @throws ApiError with a sentence */
export async function apiRequest({ method, path, token, body }: ApiRequest): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new ApiError('unreachable', UNREACHABLE);
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  throw refusalOf(answer) ?? new ApiError('unreachable', statusText(response.status));
}

/** Reads an answer by its schema. @throws ApiError when it has another shape */
export function understood<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new ApiError(
      'unsupported_version',
      'The server is of another release than this page. Reload the page.',
    );
  }
}

function refusalOf(answer: unknown): ApiError | undefined {
  try {
    const { code, message } = parse(Refusal, answer).error;
    return new ApiError(code, message);
  } catch {
    return undefined;
  }
}

/** For answers that are not the server's own, such as a proxy's. */
function statusText(status: number): string {
  return `The server answered with status ${status}.`;
}

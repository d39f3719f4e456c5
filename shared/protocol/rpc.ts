// How requests, replies and events are framed and parsed; the same on every wire, in both directions.
import * as v from 'valibot';
import { ERROR_CODES, type ErrorCode, ParleyError } from '../errors.ts';

export interface Method {
  readonly params: v.GenericSchema;
  readonly result: v.GenericSchema;
}
export type Methods = Readonly<Record<string, Method>>;
export type Events = Readonly<Record<string, v.GenericSchema>>;

/** The parameters of method `K` for the caller, those for the handler, and the result. */
export type Params<M extends Methods, K extends keyof M> = v.InferOutput<M[K]['params']>;
export type Result<M extends Methods, K extends keyof M> = v.InferOutput<M[K]['result']>;
export type EventData<E extends Events, K extends keyof E> = v.InferOutput<E[K]>;

/** One handler for each method. The compiler refuses a table with one missing. */
export type Handlers<M extends Methods, C> = {
  [K in keyof M]: (context: C, params: Params<M, K>) => Promise<Result<M, K>>;
};

export const ErrorBody = v.object({
  code: v.picklist(ERROR_CODES),
  message: v.string(),
  retryAfterMs: v.exactOptional(v.number()),
});
/** The body of a refusal over plain HTTP. */
export const ErrorAnswer = v.object({ error: ErrorBody });
export type ErrorBody = v.InferOutput<typeof ErrorBody>;

/** Client to server. Replies carry the same `id`; ids count up from 1 on each connection. */
export const Request = v.object({
  id: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER)),
  method: v.pipe(v.string(), v.maxLength(32)),
  params: v.unknown(),
});
export type Request = v.InferOutput<typeof Request>;

/** Server to client: a reply to a request, or an event. */
export const ServerFrame = v.union([
  v.object({ id: v.nullable(v.number()), error: ErrorBody }),
  v.object({ event: v.string(), data: v.unknown() }),
  v.object({ id: v.number(), result: v.unknown() }),
]);
export type ServerFrame = v.InferOutput<typeof ServerFrame>;

/** @throws ParleyError `bad_message` naming the first field that is wrong, never its value. */
export function parse<S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? '(the message itself)';
  // A field may name the code that its refusal deserves, like `invalid_name`.
  if (isErrorCode(issue.message)) throw new ParleyError(issue.message);
  throw new ParleyError('bad_message', { message: `Field ${path}: ${whatIsWrong(issue)}.` });
}

/** In the schema's own words where it has some; never the value, which may be a secret. */
export function whatIsWrong({ message, expected }: v.BaseIssue<unknown>): string {
  if (!message.startsWith('Invalid ')) return message;
  if (expected === 'never') return 'there is no such field';
  return expected === null ? message.replace(/: Received .*$/s, '') : `expected ${expected}`;
}

/**
 * A library's value as it will arrive: fields that are `undefined` are absent then.
 * @throws ParleyError `bad_message`
 */
export function toWire<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  return parse(schema, JSON.parse(JSON.stringify(value)));
}

/** @throws ParleyError `bad_message` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ParleyError('bad_message', { message: 'The message is not JSON.', cause });
  }
}

export function errorBody(error: ParleyError): ErrorBody {
  const { code, message, retryAfterMs } = error;
  return retryAfterMs === undefined ? { code, message } : { code, message, retryAfterMs };
}

export function errorFromBody({ code, message, retryAfterMs }: ErrorBody): ParleyError {
  return new ParleyError(
    code,
    retryAfterMs === undefined ? { message } : { message, retryAfterMs },
  );
}

function isErrorCode(value: string): value is ErrorCode {
  return (ERROR_CODES as string[]).includes(value);
}

// Pairs a request of a client with the handler of its method.
import { METHODS, type Methods } from '../../../shared/protocol/protocol.ts';
import { type Params, parse, type Result } from '../../../shared/protocol/rpc.ts';

type MethodHandlers<K extends keyof Methods, C> = {
  readonly [M in K]: (context: C, params: Params<Methods, M>) => Promise<Result<Methods, M>>;
};

/** Whether the table has a handler for the method. */
export function handles<H extends object>(handlers: H, method: string): method is keyof H & string {
  return Object.hasOwn(handlers, method);
}

/**
 * Parses the parameters, and binds them to the handler of the method.
 * @throws ParleyError `bad_message`
 */
export function bind<K extends keyof Methods, M extends K, C>(
  handlers: MethodHandlers<K, C>,
  method: M,
  params: unknown,
): (context: C) => Promise<unknown> {
  const parsed: Params<Methods, M> = parse(METHODS[method].params, params);
  return (context) => handlers[method](context, parsed);
}

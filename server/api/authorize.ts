// What routes ask before they answer: the token of a request, and whether its address may guess another one.
import type { FastifyReply, FastifyRequest } from 'fastify';

/** @throws ParleyError `unauthorized`, or `not_found` on a server without operators */
export type Authorize = (request: FastifyRequest, reply: FastifyReply) => void;

/** The wrong bearer tokens of one address. */
export interface Guesses {
  /** @throws ParleyError `rate_limited` while there were too many */
  assertMayGuess(): void;
  guessedWrong(): void;
}

/** The bearer token that a request shows. */
export function bearerOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const [scheme, presented] = (headers.authorization ?? '').split(' ', 2);
  return scheme?.toLowerCase() === 'bearer' && presented !== '' ? presented : undefined;
}

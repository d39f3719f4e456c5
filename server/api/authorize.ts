// The check that a route makes before it answers an operator.
import type { FastifyReply, FastifyRequest } from 'fastify';

/** @throws ParleyError `unauthorized`, or `not_found` on a server without operators */
export type Authorize = (request: FastifyRequest, reply: FastifyReply) => void;

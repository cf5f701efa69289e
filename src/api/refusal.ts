// The one form of an answer that says no.

import type { FastifyReply } from 'fastify';

/** `error`: one line that says what would be right. */
export const refuse = (reply: FastifyReply, status: number, error: string): FastifyReply =>
  reply.code(status).send({ error });

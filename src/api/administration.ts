// What operators may ask for peers over the API: reads the request, hands it to the daemon, answers with its verdict.
// Offered on the unix socket only, whose file mode says who may.

import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ClearMode, PeerAdministration, Verdict } from './model/types.js';
import { refuse } from './refusal.js';

const CLEAR_MODES = ['hard', 'soft', 'in', 'out'] as const satisfies readonly ClearMode[];

interface Body {
  readonly text?: unknown;
  readonly mode?: unknown;
  readonly persist?: unknown;
  readonly peer?: unknown;
}

type Answer = (admin: PeerAdministration, id: string, body: Body) => Promise<Verdict> | string;

/** By the last word of the path; a text says what is wrong with the request. */
const ACTIONS: Readonly<Record<'enable' | 'disable' | 'clear' | 'remove', Answer>> = {
  enable: (admin, id, body) => admin.switch(id, true, '', body.persist === true),
  disable: (admin, id, body) => {
    const text = textOf(body);
    return text === null ? TEXT : admin.switch(id, false, text, body.persist === true);
  },
  clear: (admin, id, body) => {
    const mode = CLEAR_MODES.find((word) => word === (body.mode ?? 'hard'));
    if (mode === undefined) return `mode is one of ${CLEAR_MODES.join(', ')}`;
    const text = textOf(body);
    return text === null ? TEXT : admin.clear(id, mode, text);
  },
  remove: (admin, id, body) => admin.remove(id, body.persist === true),
};

/** RFC 9003. */
const LONGEST_TEXT = 255;
const TEXT = `text is a text of at most ${LONGEST_TEXT} octets (RFC 9003)`;

function textOf({ text = '' }: Body): string | null {
  return typeof text === 'string' && Buffer.byteLength(text) <= LONGEST_TEXT ? text : null;
}

export function addAdministration(app: FastifyInstance, admin: PeerAdministration | null): void {
  for (const [action, answer] of Object.entries(ACTIONS)) {
    app.post<{ Params: { id: string } }>(`/v1/neighbors/:id/${action}`, (request, reply) =>
      decide(reply, admin, (there) => answer(there, request.params.id, bodyOf(request.body))),
    );
  }
  app.post('/v1/neighbors', (request, reply) =>
    decide(reply, admin, (there) => {
      const { peer, persist } = bodyOf(request.body);
      return isMapping(peer)
        ? there.add(peer, persist === true)
        : 'peer is a mapping as in `peers` of the file';
    }),
  );
}

async function decide(
  reply: FastifyReply,
  admin: PeerAdministration | null,
  ask: (admin: PeerAdministration) => Promise<Verdict> | string,
): Promise<FastifyReply> {
  if (admin === null) return refuse(reply, 403, 'offered on the unix socket only: use bgpctl');
  const verdict = ask(admin);
  if (typeof verdict === 'string') return refuse(reply, 400, verdict);
  const { ok, message } = await verdict;
  return reply.code(ok ? 200 : 422).send({ ok, message });
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const bodyOf = (body: unknown): Body => (isMapping(body) ? body : {});

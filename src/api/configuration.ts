// Trying another configuration over the API: reads the request, hands it to the daemon, answers with what would happen or
// what did. Offered on the unix socket only, whose file mode says who may.

import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CandidateFile, ChangeVerdict, ConfigurationChanges } from './model/preview-types.js';
import { refuse } from './refusal.js';

/** Octets: a configuration with thousands of peers. */
const BODY_LIMIT = 8 * 1024 * 1024;
/** Seconds that a change may wait for its confirmation. */
const CONFIRM = { least: 1, most: 86_400 } as const;

interface Body {
  readonly file?: unknown;
  readonly text?: unknown;
  readonly all?: unknown;
  readonly confirm?: unknown;
  readonly save?: unknown;
  readonly force?: unknown;
}

export function addConfiguration(app: FastifyInstance, changes: ConfigurationChanges | null): void {
  const post = (
    action: string,
    answer: (changes: ConfigurationChanges, body: Body, reply: FastifyReply) => Promise<unknown>,
  ): void => {
    app.post(`/v1/config/${action}`, { bodyLimit: BODY_LIMIT }, (request, reply) =>
      changes === null
        ? refuse(reply, 403, 'offered on the unix socket only: use bgpctl config')
        : answer(changes, bodyOf(request.body), reply),
    );
  };
  post('diff', async (there, body, reply) => {
    const candidate = candidateOf(body);
    if (candidate === null) return refuse(reply, 400, CANDIDATE);
    const result = await there.diff(candidate, body.all === true);
    return result.ok ? result.preview : refuse(reply, 422, result.problems.join('\n'));
  });
  post('apply', async (there, body, reply) => {
    const candidate = candidateOf(body);
    if (candidate === null) return refuse(reply, 400, CANDIDATE);
    const confirm = confirmOf(body);
    if (confirm === undefined) {
      return refuse(reply, 400, `confirm is seconds from ${CONFIRM.least} to ${CONFIRM.most}`);
    }
    const options = { confirm, save: body.save === true, force: body.force === true };
    return send(reply, await there.apply(candidate, options));
  });
  post('confirm', async (there, _body, reply) => send(reply, await there.confirm()));
  post('rollback', async (there, _body, reply) => send(reply, await there.rollback()));
}

const CANDIDATE = 'file is the name of the configuration, text what is in it';

const send = (reply: FastifyReply, verdict: ChangeVerdict): FastifyReply =>
  reply.code(verdict.ok ? 200 : 422).send(verdict);

const bodyOf = (body: unknown): Body =>
  typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};

const candidateOf = ({ file, text }: Body): CandidateFile | null =>
  typeof file === 'string' && typeof text === 'string' ? { file, text } : null;

/** Undefined: not what it should be. */
function confirmOf({ confirm = null }: Body): number | null | undefined {
  if (confirm === null) return null;
  const fits = typeof confirm === 'number' && confirm >= CONFIRM.least && confirm <= CONFIRM.most;
  return fits ? confirm : undefined;
}

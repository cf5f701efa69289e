// What the codec says of one message: its complaints in words, and whether it keeps the promises of the fuzz target
// (what is decoded encodes to what decodes to the same).

import { ATTRIBUTE_NAMES, MESSAGE } from '../../src/wire/iana.js';
import { decodeOpen } from '../../src/wire/open.js';
import { decodeRouteRefresh } from '../../src/wire/route-refresh.js';
import type { AttributeVerdict, DecodeContext, Notification } from '../../src/wire/types.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { Target } from '../fuzz/target.js';

/** The gravest thing that comes of a message. */
export const ACTIONS = ['accept', 'discard', 'disable', 'withdraw', 'reset'] as const;
export type Action = (typeof ACTIONS)[number];

export interface Judgement {
  readonly action: Action;
  /** As in `withdraw ORIGIN undefined origin` and `reset 3/10`. */
  readonly complaints: readonly string[];
  /** The session would end with this. */
  readonly reset: Notification | null;
  /** A promise that the codec broke. */
  readonly fault: string | null;
}

/** Judges the messages of sessions of one kind. */
export class Judge {
  readonly #decoder: UpdateDecoder;
  readonly #target: Target;

  constructor(context: DecodeContext) {
    this.#decoder = new UpdateDecoder(context);
    this.#target = new Target(context);
  }

  /** `frame`: a whole message, header included, that the framer let pass. */
  judge(frame: Uint8Array): Judgement {
    const { fault } = this.#target.run(frame, []);
    switch (frame[18]) {
      case MESSAGE.open: {
        const result = decodeOpen(frame);
        return { ...refusal(result.ok ? null : result.notification), fault };
      }
      case MESSAGE.routeRefresh: {
        const result = decodeRouteRefresh(frame);
        return { ...refusal(result.ok ? null : result.notification), fault };
      }
      case MESSAGE.update: {
        const { verdicts, reset } = this.#decoder.decode(frame);
        const ended = refusal(reset);
        const complaints = [...verdicts.map(verdictText), ...ended.complaints];
        return { ...ended, action: gravest(verdicts, ended.action), complaints, fault };
      }
      default:
        return { ...refusal(null), fault };
    }
  }
}

export const refusal = (reset: Notification | null): Judgement => ({
  action: reset === null ? 'accept' : 'reset',
  complaints: reset === null ? [] : [`reset ${reset.code}/${reset.subcode}`],
  reset,
  fault: null,
});

const verdictText = ({ action, attribute, reason }: AttributeVerdict): string =>
  `${action} ${ATTRIBUTE_NAMES[attribute] ?? `attribute ${attribute}`} ${reason}`;

const gravest = (verdicts: readonly AttributeVerdict[], other: Action): Action =>
  [other, ...verdicts.map(({ action }) => action)].reduce((a, b) =>
    ACTIONS.indexOf(a) >= ACTIONS.indexOf(b) ? a : b,
  );

/** One judge for each kind of session. */
export class Bench {
  readonly #judges = new Map<string, Judge>();

  of(context: DecodeContext): Judge {
    const key = JSON.stringify(context);
    let judge = this.#judges.get(key);
    if (judge === undefined) {
      judge = new Judge(context);
      this.#judges.set(key, judge);
    }
    return judge;
  }

  /** Of sessions that may be of several kinds: the kind that finds least to complain about. */
  mildest(contexts: readonly DecodeContext[], frame: Uint8Array): Judgement {
    let best: Judgement | null = null;
    for (const context of contexts) {
      const judgement = this.of(context).judge(frame);
      if (judgement.action === 'accept') return judgement;
      if (best === null || ACTIONS.indexOf(judgement.action) < ACTIONS.indexOf(best.action)) best = judgement;
    }
    return best ?? refusal(null);
  }
}

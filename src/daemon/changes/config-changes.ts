// Changes of the configuration that an operator tries: shown, applied, taken back unless they are confirmed. Owns the one
// change that waits; the reloader does the changing, and all of it happens in turn with reloads.

import type {
  ApplyOptions,
  CandidateFile,
  ChangeVerdict,
  ConfigurationChanges,
  PendingChange,
  PreviewResult,
  RollbackStatus,
} from '../../api/model/preview-types.js';
import { liveConfig } from '../../config/diff.js';
import { formatProblem } from '../../config/problem.js';
import { objectsOf } from '../../config/sources/last-good.js';
import type { RuntimePeers } from '../../config/sources/runtime-peers.js';
import type { FileMemory, TrialConfig } from '../../config/sources/trial.js';
import type { Config, ConfigResult } from '../../config/types.js';
import type { Clock, Timer } from '../../net/clock.js';
import type { DaemonEvents } from '../events.js';
import { configPreview } from '../preview/config-preview.js';
import type { ForeseenPeer } from '../preview/foresight.js';
import type { Reloader, ReloadTarget } from './reload.js';
import { SessionWatch } from './session-watch.js';

export interface ConfigChangesOptions {
  readonly target: ReloadTarget;
  readonly reloader: Reloader;
  /** Null: the daemon was started without a file. */
  readonly file: TrialConfig | null;
  /** Reads the configuration in force again, with what operators did to peers. */
  readonly again: () => ConfigResult;
  readonly runtime: () => RuntimePeers;
  /** What a configuration would make of the peers; costs no look at routes. */
  readonly foresee: (config: Config) => readonly ForeseenPeer[];
  readonly events: DaemonEvents;
  readonly clock: Clock & { wallClock(): number };
}

/** How a change that waits ends. */
export type RollbackCause = 'timeout' | 'session' | 'operator';

interface Pending {
  readonly candidate: CandidateFile;
  readonly save: boolean;
  readonly former: { readonly config: Config; readonly memory: FileMemory };
  /** Milliseconds since 1970. */
  readonly appliedAt: number;
  readonly deadline: number;
  readonly timer: Timer;
  readonly watch: SessionWatch;
}

const NO_FILE = 'this daemon was started without a file';
const NOTHING_PENDING = 'no change waits for confirmation';
/** Prefixes named of each peer, kind of change and family, where all are not asked for. */
const NAMED = 10;

const no = (message: string): ChangeVerdict => ({ ok: false, message });

export class ConfigChanges implements ConfigurationChanges {
  readonly #options: ConfigChangesOptions;
  #pending: Pending | null = null;
  #lastRollback: RollbackStatus | null = null;
  readonly rollbacks: Record<RollbackCause, number> = { timeout: 0, session: 0, operator: 0 };

  constructor(options: ConfigChangesOptions) {
    this.#options = options;
  }

  get pending(): PendingChange | null {
    const pending = this.#pending;
    return (
      pending && {
        file: pending.candidate.file,
        appliedAt: new Date(pending.appliedAt).toISOString(),
        deadline: new Date(pending.deadline).toISOString(),
        save: pending.save,
        waitingFor: pending.watch.waitingFor,
      }
    );
  }

  get lastRollback(): RollbackStatus | null {
    return this.#lastRollback;
  }

  /** The process ends: what waits is not in the file, so the next start has the former configuration. */
  stop(): void {
    this.#forget();
  }

  diff({ file: name, text }: CandidateFile, all: boolean): Promise<PreviewResult> {
    const { reloader, file, target, runtime } = this.#options;
    return reloader.inTurn(async () => {
      if (file === null) return { ok: false, problems: [NO_FILE] };
      const { result } = file.trial(text, name, runtime());
      if (!result.ok) return { ok: false, problems: result.problems.map(formatProblem) };
      const running = target.config;
      const routes = await reloader.preview(liveConfig(running, result.config), all ? Infinity : NAMED);
      const objects = [reloader.objectTexts(), objectsOf(result.source)] as const;
      const calico = file.memory.outcome?.report ?? null;
      return { ok: true, preview: configPreview({ running, candidate: result, objects, calico, routes }) };
    });
  }

  apply(candidate: CandidateFile, options: ApplyOptions): Promise<ChangeVerdict> {
    return this.#options.reloader.inTurn(() => this.#apply(candidate, options));
  }

  confirm(): Promise<ChangeVerdict> {
    return this.#options.reloader.inTurn(async () => {
      const pending = this.#pending;
      if (pending === null) return no(NOTHING_PENDING);
      const { candidate, save, watch } = pending;
      const { waitingFor } = watch;
      this.#forget();
      const kept = save ? this.#save(candidate) : notSaved(candidate);
      this.#options.events.emit('configConfirmed', candidate.file);
      const down = waitingFor.length === 0 ? '' : `; not back yet: ${waitingFor.join(', ')}`;
      return { ok: kept.ok, message: `${candidate.file} stays in force${down}${kept.message}` };
    });
  }

  rollback(): Promise<ChangeVerdict> {
    return this.#rollback('operator', 'an operator asked for it');
  }

  async #apply(candidate: CandidateFile, { confirm, save, force }: ApplyOptions): Promise<ChangeVerdict> {
    const { target, reloader, file, runtime, foresee } = this.#options;
    if (file === null) return no(NO_FILE);
    if (this.#pending !== null) return no(reloader.hold ?? NOTHING_PENDING);
    const { result, memory } = file.trial(candidate.text, candidate.file, runtime());
    if (!result.ok) return no(result.problems.map(formatProblem).join('\n'));
    const live = liveConfig(target.config, result.config);
    const refusal = force
      ? null
      : await reloader.guard(live, 'bgpctl config diff shows it, apply --force goes ahead');
    if (refusal !== null) return no(refusal);
    const former = { config: target.config, memory: file.memory };
    const begun = confirm === null ? null : this.#begin(candidate, save, confirm, former, foresee(live));
    file.adopt(memory);
    const outcome = await reloader.take(result);
    begun?.watch.applied();
    if (confirm !== null) {
      return {
        ...outcome,
        message: `${outcome.message}; rolled back in ${confirm} s unless confirmed: bgpctl config confirm`,
      };
    }
    const kept = save ? this.#save(candidate) : notSaved(candidate);
    return { ok: outcome.ok && kept.ok, message: `${outcome.message}${kept.message}` };
  }

  #begin(
    candidate: CandidateFile,
    save: boolean,
    seconds: number,
    former: Pending['former'],
    foreseen: readonly ForeseenPeer[],
  ): Pending {
    const { clock, events, reloader } = this.#options;
    const timer = clock.timer(
      () => void this.#rollback('timeout', `nobody confirmed it within ${seconds} s`),
    );
    timer.start(seconds * 1000);
    const watch = new SessionWatch(events, foreseen, (peer, reason) => {
      void this.#rollback('session', `the session of peer ${peer} dropped: ${reason}`);
    });
    const appliedAt = clock.wallClock();
    const deadline = appliedAt + seconds * 1000;
    this.#pending = { candidate, save, former, appliedAt, deadline, timer, watch };
    reloader.hold = `${candidate.file} waits for confirmation until ${new Date(deadline).toISOString()}: bgpctl config confirm or bgpctl config rollback first`;
    events.emit('configPending', candidate.file, seconds);
    return this.#pending;
  }

  #rollback(cause: RollbackCause, reason: string): Promise<ChangeVerdict> {
    const pending = this.#pending;
    return this.#options.reloader.inTurn(async () => {
      // What was to be taken back has been confirmed, or taken back already.
      if (pending === null || this.#pending !== pending) return no(NOTHING_PENDING);
      const { reloader, file, again, events, clock } = this.#options;
      const { candidate, former } = pending;
      this.#forget();
      if (file !== null) file.memory = former.memory;
      const read = again();
      const outcome = await reloader.take(read.ok ? read : asItWas(former));
      this.rollbacks[cause]++;
      this.#lastRollback = { at: new Date(clock.wallClock()).toISOString(), file: candidate.file, reason };
      events.emit('configRolledBack', candidate.file, reason);
      return { ok: true, message: `${candidate.file} is rolled back: ${reason}; ${outcome.message}` };
    });
  }

  #forget(): void {
    this.#pending?.timer.close();
    this.#pending?.watch.close();
    this.#pending = null;
    this.#options.reloader.hold = null;
  }

  #save({ text }: CandidateFile): ChangeVerdict {
    const failed = this.#options.file?.save(text) ?? null;
    return failed === null
      ? { ok: true, message: '; saved as the configuration file' }
      : { ok: false, message: `; not saved: ${failed}` };
  }
}

const notSaved = ({ file }: CandidateFile): ChangeVerdict => ({
  ok: true,
  message: `; the configuration file is as it was: a reload or restart reads that again, --save puts ${file} in its place`,
});

const asItWas = ({ config, memory }: Pending['former']): Extract<ConfigResult, { readonly ok: true }> => ({
  ok: true,
  config,
  warnings: [],
  calico: memory.outcome?.report ?? null,
  source: memory.source ?? {},
  kept: [],
});

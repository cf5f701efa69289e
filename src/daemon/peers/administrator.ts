// What operators do to peers at run time: on, off, clear, add, remove. Each goes the way of a reload that concerns one peer
// only, so that no other session notices. What is not kept in the state file ends with the process.

import type { ClearMode, PeerAdministration, Verdict } from '../../api/model/types.js';
import type { RuntimeConfig } from '../../config/sources/config-file.js';
import {
  NO_RUNTIME,
  nameOfAdded,
  type RuntimePeers,
  withoutPeer,
  withoutSwitch,
  withPeer,
  withSwitch,
} from '../../config/sources/runtime-peers.js';
import type { ConfigResult } from '../../config/types.js';
import { CEASE } from '../../wire/iana.js';
import type { ReloadResult } from '../changes/reload.js';
import type { DaemonEvents } from '../events.js';
import type { BgpPeer } from './bgp-peer.js';
import type { PeerSet } from './peer-set.js';

export interface AdministratorOptions {
  readonly peers: PeerSet;
  readonly events: DaemonEvents;
  /** Null: the daemon was started without a file. */
  readonly config: RuntimeConfig | null;
  readonly adopt: (choose: () => ConfigResult) => Promise<ReloadResult>;
}

type Edit = (runtime: RuntimePeers) => RuntimePeers;

/** What becomes of what is kept and of what ends with the process. */
interface Edits {
  readonly kept: Edit;
  readonly runtime: Edit;
}

const same: Edit = (runtime) => runtime;
const no = (message: string): Verdict => ({ ok: false, message });

export class Administrator implements PeerAdministration {
  readonly #options: AdministratorOptions;
  #runtime: RuntimePeers = NO_RUNTIME;

  constructor(options: AdministratorOptions) {
    this.#options = options;
  }

  /** Not kept: a reload has to be told of it. */
  get runtime(): RuntimePeers {
    return this.#runtime;
  }

  async switch(id: string, enabled: boolean, text: string, persist: boolean): Promise<Verdict> {
    const peer = this.#find(id);
    if (typeof peer === 'string') return no(peer);
    const { name } = peer;
    const set: Edit = (runtime) => withSwitch(runtime, name, enabled, text);
    const forget: Edit = (runtime) => withoutSwitch(runtime, name);
    return this.#change(
      `peer ${name} ${enabled ? 'enabled' : 'disabled'}${text === '' ? '' : `: ${text}`}`,
      persist ? { kept: set, runtime: forget } : { kept: same, runtime: set },
      persist,
    );
  }

  async add(section: Readonly<Record<string, unknown>>, persist: boolean): Promise<Verdict> {
    const name = nameOfAdded(section);
    if (this.#options.peers.find(name) !== null) return no(`there is a peer ${name} already`);
    const add: Edit = (runtime) => withPeer(runtime, section);
    const edits = persist ? { kept: add, runtime: same } : { kept: same, runtime: add };
    return this.#change(`peer ${name} added`, edits, persist);
  }

  async remove(id: string, persist: boolean): Promise<Verdict> {
    const peer = this.#find(id);
    if (typeof peer === 'string') return no(peer);
    const { name } = peer;
    const remove: Edit = (runtime) => withoutPeer(runtime, name);
    const wasEphemeral = this.#runtime.peers.some((section) => nameOfAdded(section) === name);
    const edits =
      persist && !wasEphemeral ? { kept: remove, runtime: same } : { kept: same, runtime: remove };
    return this.#change(`peer ${name} removed`, edits, persist);
  }

  async clear(id: string, mode: ClearMode, text: string): Promise<Verdict> {
    const { peers, events } = this.#options;
    const peer = peers.find(id);
    if (peer === null) return no(noPeer(id));
    if (!peer.config.enabled) return no(`peer ${peer.name} is disabled: enable it`);
    const done = await clearPeer(peer, mode, text);
    if (done === null)
      return no(`peer ${peer.name} has no session: ${peer.blame.current?.text ?? 'not up yet'}`);
    events.emit('administered', peer.name, done);
    return { ok: true, message: `peer ${peer.name}: ${done}` };
  }

  /** A peer of the configuration, or why it can't be changed. */
  #find(id: string): BgpPeer | string {
    const peer = this.#options.peers.find(id);
    if (peer === null) return noPeer(id);
    return peer.config.dynamic
      ? `peer ${peer.name} is of a range (dynamicPeers): clear it, or change the range and reload`
      : peer;
  }

  async #change(what: string, edits: Edits, persist: boolean): Promise<Verdict> {
    const { config, adopt, events } = this.#options;
    if (config === null) return no('this daemon was started without a file');
    const outcome = await adopt(() => this.#edited(config, edits, persist));
    if (!outcome.ok) return outcome;
    events.emit('administered', '', what);
    return { ok: true, message: `${what}${persist ? ', kept' : ', until bgpd restarts'}` };
  }

  #edited(config: RuntimeConfig, edits: Edits, persist: boolean): ConfigResult {
    const before = config.kept();
    if (!before.ok) return { ok: false, problems: [before.problem] };
    const kept = edits.kept(before.runtime);
    const runtime = edits.runtime(this.#runtime);
    const result = config.again(kept, runtime);
    if (!result.ok) return result;
    const failed = persist ? config.keep(kept) : null;
    if (failed !== null) return { ok: false, problems: [unkept(failed)] };
    this.#runtime = runtime;
    return result;
  }
}

const noPeer = (id: string): string => `no peer "${id}": bgpctl show neighbors lists them`;

const unkept = (message: string) => ({
  file: 'bgpd',
  line: 0,
  column: 0,
  key: '',
  message,
  remedy: 'nothing was changed: go without --persist, or make the directory writable',
});

/** In words what was done; null when there is no session to do it to. */
async function clearPeer(peer: BgpPeer, mode: ClearMode, text: string): Promise<string | null> {
  switch (mode) {
    case 'hard':
      await peer.stop(CEASE.administrativeReset, text === '' ? peer.config.shutdownText : text);
      peer.start();
      return 'session reset';
    case 'in':
      return peer.softIn() ? 'what it told is judged anew' : null;
    case 'out':
      return peer.softOut() ? 'all is sent again' : null;
    case 'soft':
      return peer.softIn() && peer.softOut() ? 'what it told is judged anew, all is sent again' : null;
  }
}

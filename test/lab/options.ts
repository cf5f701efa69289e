// The lab's command line, and the words it prints about itself. Pure.

import { parseArgs } from 'node:util';
import type { RouterKind } from '../support/peers/types.js';
import { MAX_HOSTS, MIN_HOSTS } from './topology.js';

export interface LabOptions {
  readonly hosts: number;
  readonly keep: boolean;
  readonly clean: boolean;
  readonly loopback: boolean;
  readonly help: boolean;
  readonly router: RouterKind;
}

export type OptionsResult =
  | { readonly ok: true; readonly options: LabOptions }
  | { readonly ok: false; readonly problem: string };

export const HELP = `npm run lab [-- OPTIONS]
  --hosts N     compute hosts, ${MIN_HOSTS} to ${MAX_HOSTS} (default ${MIN_HOSTS})
  --keep        leave the network up and say how to look around
  --clean       remove networks left up by --keep, and those of killed runs
  --loopback    all in one process on loopback, as where namespaces can't be made
  --router KIND what runs on hosts and reflector: bgpd (default), bird, frr
  --help        this text`;

const KINDS = ['bgpd', 'bird', 'frr'] as const;

export const parseLabOptions = (args: readonly string[]): OptionsResult => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        hosts: { type: 'string', default: String(MIN_HOSTS) },
        keep: { type: 'boolean', default: false },
        clean: { type: 'boolean', default: false },
        loopback: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        router: { type: 'string', default: 'bgpd' },
      },
    });
    const hosts = Number(values.hosts);
    const router = KINDS.find((kind) => kind === values.router);
    if (!Number.isInteger(hosts) || hosts < MIN_HOSTS || hosts > MAX_HOSTS) {
      return { ok: false, problem: `--hosts takes a number from ${MIN_HOSTS} to ${MAX_HOSTS}` };
    }
    if (router === undefined) return { ok: false, problem: `--router takes one of ${KINDS.join(', ')}` };
    return { ok: true, options: { ...values, hosts, router } };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
};

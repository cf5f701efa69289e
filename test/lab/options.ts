// The lab's command line, and the words it prints about itself. Pure.

import { parseArgs } from 'node:util';
import type { RouterKind } from '../support/peers/types.js';
import { type LabEncapsulation, MAX_HOSTS, MIN_HOSTS } from './topology.js';

export interface LabOptions {
  readonly hosts: number;
  readonly keep: boolean;
  readonly clean: boolean;
  readonly loopback: boolean;
  readonly help: boolean;
  readonly router: RouterKind;
  /** Null: packets between hosts go as they are. */
  readonly encapsulation: LabEncapsulation | null;
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
  --encap KIND  hosts in two subnets, and tunnels between them that bgpd makes: vxlan (between subnets only),
                vxlan-always, ipip, ipip-always (IPv4 only; where the kernel has it)
  --help        this text`;

const ENCAPSULATIONS: Readonly<Record<string, LabEncapsulation>> = {
  vxlan: 'VXLANCrossSubnet',
  'vxlan-always': 'VXLAN',
  ipip: 'IPIPCrossSubnet',
  'ipip-always': 'IPIP',
};

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
        encap: { type: 'string', default: 'none' },
      },
    });
    const hosts = Number(values.hosts);
    const router = KINDS.find((kind) => kind === values.router);
    if (!Number.isInteger(hosts) || hosts < MIN_HOSTS || hosts > MAX_HOSTS) {
      return { ok: false, problem: `--hosts takes a number from ${MIN_HOSTS} to ${MAX_HOSTS}` };
    }
    if (router === undefined) return { ok: false, problem: `--router takes one of ${KINDS.join(', ')}` };
    const { encap, ...rest } = values;
    const encapsulation = ENCAPSULATIONS[encap] ?? null;
    if (encapsulation === null && encap !== 'none') {
      return { ok: false, problem: `--encap takes one of none, ${Object.keys(ENCAPSULATIONS).join(', ')}` };
    }
    if (encapsulation !== null && (router !== 'bgpd' || rest.loopback)) {
      return { ok: false, problem: '--encap needs bgpd on the hosts and network namespaces' };
    }
    return { ok: true, options: { ...rest, hosts, router, encapsulation } };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
};

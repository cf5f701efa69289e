// What the parts of a speaker are made with under one configuration: for the running one, and for one that is only tried.
// Values only.

import type { Config } from '../config/types.js';
import type { Kernel, KernelSettings } from '../kernel/types.js';
import { communitiesAllow, mayExport } from '../policy/export-rules.js';
import { exportRewrite } from '../policy/rewrite.js';
import type { DecisionOptions } from '../rib/decision-steps.js';
import type { ExportRules } from '../rib/export/exporter.js';
import type { CompiledPolicy } from '../rib/hooks.js';
import type { Outlook } from '../rib/what-if/what-if.js';
import type { PeerContext } from './peers/bgp-peer.js';
import type { LocalSettings } from './routes/local-attributes.js';

export interface SpeakerOutlook
  extends Pick<Outlook, 'routerId' | 'seed' | 'rules' | 'decision' | 'clusterIds' | 'interfaceOf'> {
  readonly context: PeerContext;
  readonly local: LocalSettings;
  readonly install: CompiledPolicy;
  readonly kernel: KernelSettings;
}

export const decisionOf = ({ decision, kernel }: Config): DecisionOptions => ({
  ...decision,
  localByPreference: kernel.localPrefFromMetric,
});

/** Every cluster we are the reflector of. */
export function clusterIds({ routeReflector, peers, dynamicPeers }: Config): readonly number[] {
  if (routeReflector === null) return [];
  const others = [...peers, ...dynamicPeers.map(({ template }) => template)].map((peer) => peer.clusterId);
  return [...new Set([routeReflector.clusterId, ...others.filter((id) => id !== null)])];
}

export const nextHopInterest = (kernel: Kernel) => ({
  track: (address: Parameters<Kernel['trackNextHop']>[0]) => kernel.trackNextHop(address),
  untrack: (address: Parameters<Kernel['untrackNextHop']>[0]) => kernel.untrackNextHop(address),
});

export const exportRules = (isReflector: boolean): ExportRules => ({
  rewrite: exportRewrite,
  mayExport,
  communitiesAllow,
  isReflector,
});

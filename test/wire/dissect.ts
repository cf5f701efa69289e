// Lets an independent dissector (tshark) read messages, all in one capture and one run.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pcapOf } from './pcap.js';

const ATTRIBUTE = 'bgp.update.path_attribute';
const TUNNEL = 'bgp.update.encaps_tunnel';

/** Short names for the dissector's fields. */
export const FIELDS = {
  type: 'bgp.type',
  length: 'bgp.length',
  malformed: '_ws.malformed',
  withdrawnLength: 'bgp.update.withdrawn_routes.length',
  attributesLength: 'bgp.update.path_attributes.length',
  withdrawn: 'bgp.withdrawn_prefix',
  nlri: 'bgp.nlri_prefix',
  mpReach4: 'bgp.mp_reach_nlri_ipv4_prefix',
  mpReach6: 'bgp.mp_reach_nlri_ipv6_prefix',
  mpUnreach6: 'bgp.mp_unreach_nlri_ipv6_prefix',
  prefixLength: 'bgp.prefix_length',
  pathId: 'bgp.nlri_path_id',
  code: `${ATTRIBUTE}.type_code`,
  flags: `${ATTRIBUTE}.flags`,
  attributeLength: `${ATTRIBUTE}.length`,
  origin: `${ATTRIBUTE}.origin`,
  segmentType: `${ATTRIBUTE}.as_path_segment.type`,
  segmentLength: `${ATTRIBUTE}.as_path_segment.length`,
  asn: `${ATTRIBUTE}.as_path_segment.as4`,
  nextHop: `${ATTRIBUTE}.next_hop`,
  mpReachAfi: `${ATTRIBUTE}.mp_reach_nlri.afi`,
  mpReachSafi: `${ATTRIBUTE}.mp_reach_nlri.safi`,
  mpUnreachAfi: `${ATTRIBUTE}.mp_unreach_nlri.afi`,
  mpUnreachSafi: `${ATTRIBUTE}.mp_unreach_nlri.safi`,
  mpNextHop: `${ATTRIBUTE}.mp_reach_nlri.next_hop.ipv6`,
  mpLinkLocal: `${ATTRIBUTE}.mp_reach_nlri.next_hop.ipv6.link_local`,
  med: `${ATTRIBUTE}.multi_exit_disc`,
  localPref: `${ATTRIBUTE}.local_pref`,
  aggregatorAs: `${ATTRIBUTE}.aggregator_as`,
  aggregatorAddress: `${ATTRIBUTE}.aggregator_origin`,
  communityAs: `${ATTRIBUTE}.community_as`,
  communityValue: `${ATTRIBUTE}.community_value`,
  originatorId: `${ATTRIBUTE}.originator_id`,
  clusterId: 'bgp.path_attribute.cluster_id',
  extendedType: 'bgp.ext_com.type',
  extendedAs: 'bgp.ext_com.value_as2',
  extendedNumber: 'bgp.ext_com.value_an4',
  largeGlobal: 'bgp.large_communities.ga',
  largeFirst: 'bgp.large_communities.ldp1',
  largeSecond: 'bgp.large_communities.ldp2',
  aigpType: 'bgp.update.attribute.aigp.type',
  aigpLength: 'bgp.update.attribute.aigp.length',
  aigpMetric: 'bgp.update.attribute.aigp.accu_igp_metric',
  tunnelType: `${TUNNEL}_tlv_type`,
  tunnelLength: `${TUNNEL}_tlv_len`,
  subTlvType: `${TUNNEL}_subtlv_type`,
  version: 'bgp.open.version',
  openAs: 'bgp.open.myas',
  holdTime: 'bgp.open.holdtime',
  identifier: 'bgp.open.identifier',
  parametersLength: 'bgp.open.opt.len',
  capability: 'bgp.cap.type',
  capabilityLength: 'bgp.cap.length',
  capabilityAfi: 'bgp.cap.mp.afi',
  capabilitySafi: 'bgp.cap.mp.safi',
  fourOctetAs: 'bgp.cap.4as',
  restartTime: 'bgp.cap.gr.timers.restart_time',
  restarting: 'bgp.cap.gr.timers.restart_flag',
  addPathMode: 'bgp.cap.ap.sendreceive',
  nextHopAfi: 'bgp.cap.enh.nhafi',
  host: 'bgp.cap.orf.fqdn.hostname',
  domain: 'bgp.cap.orf.fqdn.domain_name',
  error: 'bgp.notify.major_error',
  openError: 'bgp.notify.minor_error_open',
  updateError: 'bgp.notify.minor_error_update',
  stateError: 'bgp.notify.minor_error_state',
  ceaseError: 'bgp.notify.minor_error_cease',
  errorData: 'bgp.notify.minor_data',
  communication: 'bgp.notify.communication',
  refreshAfi: 'bgp.route_refresh.afi',
  refreshSafi: 'bgp.route_refresh.safi',
  refreshSubtype: 'bgp.route_refresh.subtype',
} as const;

export type FieldName = keyof typeof FIELDS;
/** What the dissector read of one message, every occurrence in order; fields that did not occur are left out. */
export type Row = Partial<Record<FieldName, readonly string[]>>;

const NAMES = Object.keys(FIELDS) as FieldName[];
const TIMEOUT_MS = 50_000;

/** One row a message, of sessions with 4-octet AS numbers; null when there is no tshark. */
export function dissect(frames: readonly Uint8Array[]): Row[] | null {
  const folder = mkdtempSync(join(tmpdir(), 'bgpd-dissect-'));
  try {
    const file = join(folder, 'messages.pcap');
    writeFileSync(file, pcapOf(frames));
    const columns = NAMES.flatMap((name) => ['-e', FIELDS[name]]);
    const form = ['-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=;', ...columns];
    const args = ['-r', file, '-n', '-o', 'bgp.asn_len:4 octet', ...form];
    const result = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 1 << 28, timeout: TIMEOUT_MS });
    if (result.error !== undefined) {
      if ('code' in result.error && result.error.code === 'ENOENT') return null;
      throw result.error;
    }
    return result.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => toRow(line.split('\t')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const toRow = (cells: readonly string[]): Row =>
  Object.fromEntries(
    NAMES.map((name, i) => [name, cells[i] ?? ''] as const)
      .filter(([, cell]) => cell !== '')
      .map(([name, cell]) => [name, cell.split(';')]),
  );

/** A row without the fields that have no values. */
export const rowOf = (fields: Partial<Record<FieldName, readonly (string | number)[]>>): Row =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, values]) => values.length > 0)
      .map(([name, values]) => [name, values.map(String)]),
  );

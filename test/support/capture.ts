// BGP on the wire, judged by Wireshark: an opinion that belongs to neither end.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, run } from './command.js';
import type { LoggedProcess } from './logged-process.js';
import type { NetNode } from './netns.js';
import { waitFor } from './wait.js';

export interface WireNotification {
  readonly from: string;
  readonly code: number;
  readonly subcode: number;
}

/** Wireshark has a field per error code for the subcode. */
const SUBCODE_FIELDS = [
  'bgp.notify.minor_error',
  'bgp.notify.minor_error_open',
  'bgp.notify.minor_error_update',
  'bgp.notify.minor_error_expired',
  'bgp.notify.minor_error_state',
  'bgp.notify.minor_error_cease',
  'bgp.notify.minor_error_unknown',
];

const BLOCK_TIMEOUT_MS = 300;

export const canCapture = (): boolean => findProgram('tshark') !== null;

export class Capture {
  readonly #file: string;
  readonly #process: LoggedProcess;

  private constructor(file: string, process: LoggedProcess) {
    this.#file = file;
    this.#process = process;
  }

  /** Resolves when packets are being taken. */
  static async start(node: NetNode, device = 'eth0'): Promise<Capture> {
    const file = join(node.directory, `${node.name}-${device}.pcapng`);
    const process = await node.start('tshark', 'tshark', ['-i', device, '-f', 'tcp port 179', '-w', file]);
    await waitFor('tshark to capture', () => /Capture started|File:/.test(process.log()), {
      evidence: () => process.log(),
    });
    return new Capture(file, process);
  }

  /** The kernel hands packets over in blocks: the last ones need a moment. */
  async stop(): Promise<void> {
    await sleep(BLOCK_TIMEOUT_MS);
    await this.#process.stop(5000, 'SIGINT');
  }

  /** After `stop`: NOTIFICATIONs in the order of the wire. */
  async notifications(): Promise<readonly WireNotification[]> {
    const fields = ['ip.src', 'ipv6.src', 'bgp.notify.major_error', ...SUBCODE_FIELDS];
    const rows = await this.read('bgp.type == 3', fields);
    return rows.map(([v4 = '', v6 = '', code = '0', ...subcodes]) => ({
      from: v4 === '' ? v6 : v4,
      code: Number(code),
      subcode: Number(subcodes.find((text) => text !== '') ?? 0),
    }));
  }

  /** After `stop`: what Wireshark calls malformed or wrong in packets from these addresses; empty when all is well. */
  async complaints(from: readonly string[]): Promise<readonly string[]> {
    const sources = from.map((address) => `${address.includes(':') ? 'ipv6' : 'ip'}.src == ${address}`);
    const filter = `bgp && (${sources.join(' || ')}) && (_ws.malformed || _ws.expert.severity >= "Warning")`;
    const rows = await this.read(filter, ['frame.number', '_ws.expert.message']);
    return rows.map((row) => row.join(' '));
  }

  /** After `stop`: how many BGP messages of this type this address sent (1 OPEN, 2 UPDATE, 3 NOTIFICATION, ...). */
  async count(type: number, from: string): Promise<number> {
    const source = `${from.includes(':') ? 'ipv6' : 'ip'}.src == ${from}`;
    const rows = await this.read(`bgp.type == ${type} && ${source}`, ['bgp.type']);
    return rows.flatMap(([types = '']) => types.split(',')).filter((text) => Number(text) === type).length;
  }

  /** Rows of fields of the packets that pass a display filter; works while packets are being taken, too. */
  async read(filter: string, fields: readonly string[]): Promise<readonly (readonly string[])[]> {
    const columns = fields.flatMap((field) => ['-e', field]);
    const args = ['-r', this.#file, '-Y', filter, '-T', 'fields', '-E', 'separator=|', ...columns];
    const { status, stdout, stderr } = await run('tshark', args, { timeout: 60_000 });
    // A capture that goes on may end in the middle of a packet.
    if (status !== 0 && !stderr.includes('cut short')) throw new Error(`tshark ${filter}: ${stderr.trim()}`);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('|'));
  }
}

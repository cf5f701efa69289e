// `bgpctl why ADDRESS`: whether this host reaches an address, by what route, and what is in the way.

import type { Finding, Reachability } from '../../api/reachability.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import { joinBlocks, type Paint } from '../tables.js';

export const why = (context: CommandContext, address: string): Promise<ExitCode> =>
  show<Reachability>(context, `/v1/why/${encodeURIComponent(address)}`, whyText);

const VERDICTS = {
  here: ['good', 'is here'],
  reachable: ['good', 'is reachable'],
  unreachable: ['bad', 'is not reachable'],
  unknown: ['warn', 'is routed'],
} as const satisfies Readonly<Record<Reachability['verdict'], readonly [Finding['tone'], string]>>;

export function whyText({ address, verdict, answer, findings }: Reachability, paint: Paint): string {
  const [tone, words] = VERDICTS[verdict];
  return joinBlocks([
    [`${paint('strong', address)} ${paint(tone, words)}: ${answer}`],
    findings.map((finding) => `    ${paint(finding.tone, finding.text)}`),
  ]);
}

// `bgpctl config diff FILE`: what the file would do if it were the configuration, before anything is done.

import type {
  ConfigPreview,
  KernelPreview,
  NamedCount,
  ObjectChanges,
  PeerPreview,
  PrefixPreview,
  SessionFate,
} from '../../api/model/preview-types.js';
import { FAMILY_NAMES } from '../../base/family.js';
import { askDaemon } from '../client.js';
import type { CommandContext, ExitCode } from '../command.js';
import {
  joinBlocks,
  left,
  type Paint,
  type Row,
  renderFields,
  renderTable,
  right,
  type Tone,
  type TonedText,
  toned,
} from '../tables.js';
import { finishLines, readCandidate } from './config-change.js';

export interface DiffOptions {
  readonly all?: boolean;
}

export async function diffConfigFile(
  context: CommandContext,
  file: string,
  { all = false }: DiffOptions,
): Promise<ExitCode> {
  const candidate = readCandidate(context, file);
  if (candidate === null) return 1;
  const { socketPath } = context;
  const body = { ...candidate, all };
  const answer = await askDaemon({ socketPath, method: 'POST', path: '/v1/config/diff', body });
  return finishLines<ConfigPreview>(context, answer, diffText);
}

export const diffText = (preview: ConfigPreview, paint: Paint): string => {
  const { objects, calico, changes, peers, kernel, guard } = preview;
  const isNothing = changes.length === 0 && peers.length === 0 && preview.needsRestart.length === 0;
  return joinBlocks([
    renderFields(
      [
        ...objectFields('', objects),
        ...(calico === null ? [] : objectFields(' (Calico)', calico)),
        ...lines('Change', isNothing ? ['nothing'] : changes),
        ...lines('After a restart', preview.needsRestart),
        ...lines('Warning', preview.warnings),
      ],
      paint,
    ),
    peers.length === 0 ? [] : renderTable(PEER_COLUMNS, peers.flatMap(peerRows), paint),
    renderFields(
      [
        ['Sessions untouched, same routes', String(preview.untouchedPeers)],
        ...downFields(preview.peersWithoutSession),
        ...(kernel === null ? [] : kernelFields(kernel)),
        ...lines('Note', preview.notes),
        ...lines(
          'REFUSED without --force',
          guard.reasons.map((reason) => `withdraws ${reason}`),
        ),
      ],
      paint,
    ),
  ]);
};

type Field = readonly [string, string];

const lines = (label: string, values: readonly string[]): Field[] =>
  values.map((value, index) => [index === 0 ? label : '', value] as const);

const objectFields = (whose: string, { added, changed, removed }: ObjectChanges): Field[] => [
  ...lines(`Added${whose}`, added),
  ...lines(`Changed${whose}`, changed),
  ...lines(`Removed${whose}`, removed),
];

/** That nothing changes for them only means that nothing could be compared. */
const downFields = ({ count, names }: NamedCount): Field[] =>
  count === 0
    ? []
    : [
        ['Without a session now', `${count}: what they would be told is not counted`],
        ['', `${names.join(', ')}${count > names.length ? ` and ${count - names.length} more` : ''}`],
      ];

const PEER_COLUMNS = [
  left('Neighbor'),
  left('Session'),
  left('Family'),
  right('Now'),
  right('Announced'),
  right('Withdrawn'),
  right('Changed'),
];

const FATES: Readonly<Record<SessionFate, readonly [text: string, tone: 'good' | 'bad' | 'warn']>> = {
  stays: ['stays', 'good'],
  resets: ['RESETS', 'warn'],
  fails: ['RESETS, NOT BACK', 'bad'],
  ends: ['ends', 'bad'],
  down: ['down', 'warn'],
  new: ['new', 'good'],
};

function peerRows({ name, session, why, families }: PeerPreview): Row[] {
  const [text, tone] = FATES[session];
  const counted = FAMILY_NAMES.filter((family) => isCounted(families[family]));
  const shown = counted.length === 0 ? [FAMILY_NAMES[0]] : counted;
  return shown.map((family, index) => {
    const { before, announced, withdrawn, changed, prefixes } = families[family];
    return {
      cells: [
        index === 0 ? name : '',
        index === 0 ? toned(tone, text) : '',
        family,
        String(before),
        `+${announced}`,
        `-${withdrawn}`,
        `~${changed}`,
      ],
      remarks: [
        ...remarks('warn', index === 0 ? why : []),
        ...remarks('good', listed('+', prefixes.announced, announced)),
        ...remarks('bad', listed('-', prefixes.withdrawn, withdrawn)),
        ...remarks('dim', listed('~', prefixes.changed, changed)),
      ],
    };
  });
}

const remarks = (tone: Tone, texts: readonly string[]): TonedText[] => texts.map((text) => toned(tone, text));

const isCounted = ({ before, announced, withdrawn, changed }: PrefixPreview): boolean =>
  before + announced + withdrawn + changed > 0;

function kernelFields({ installed, removed, changed, prefixes }: KernelPreview): Field[] {
  return [
    ['Kernel routes', `+${installed} -${removed} ~${changed}`],
    ...lines('', [
      ...listed('+', prefixes.installed, installed),
      ...listed('-', prefixes.removed, removed),
      ...listed('~', prefixes.changed, changed),
    ]),
  ];
}

function listed(sign: string, prefixes: readonly string[], total: number): string[] {
  const more = total - prefixes.length;
  return [
    ...prefixes.map((prefix) => `${sign} ${prefix}`),
    ...(more > 0 && prefixes.length > 0 ? [`${sign} and ${more} more: --all names them`] : []),
  ];
}

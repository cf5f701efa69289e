// The capabilities of a session as rows: one a capability, though the two sides say it with other parameters. Never asks
// what a capability means.

import type { PeerDetail } from '../../api/model/types.js';
import { type Row, toned } from '../tables.js';

/** Capabilities that come with parameters, as their texts begin. Others are one thing, whatever their text. */
const WITH_PARAMETERS = [
  '4-octet AS',
  'graceful restart',
  'long-lived graceful restart',
  'add-path',
  'extended next hop',
  'role',
  'host name',
  'software',
] as const;

/** Texts of one side by the capability they are about; several of one are one text. */
type Side = ReadonlyMap<string, string>;

/** Columns: the capability, ours, theirs, in force. */
export function capabilityRows({ local, peer, inForce }: PeerDetail['capabilities']): readonly Row[] {
  const [ours, theirs, both] = [sideOf(local), sideOf(peer), sideOf(inForce)];
  return [...new Set([...both.keys(), ...ours.keys(), ...theirs.keys()])].map((name) =>
    rowOf(name, ours.get(name), theirs.get(name), both.get(name)),
  );
}

function rowOf(
  name: string,
  ours: string | undefined,
  theirs: string | undefined,
  inForce: string | undefined,
): Row {
  const marks = [ours, theirs, inForce].map((text) => (text === undefined ? '-' : 'yes'));
  const texts = new Set([ours, theirs, inForce].filter((text) => text !== undefined));
  if (texts.size === 1) return { cells: [...texts, ...marks] };
  const said = [
    ['ours', ours],
    ['theirs', theirs],
    ['in force', inForce === ours ? undefined : inForce],
  ] as const;
  const remarks = said.flatMap(([who, text]) =>
    text === undefined ? [] : [toned('dim', `${who}: ${parametersOf(name, text)}`)],
  );
  return { cells: [name, ...marks], remarks };
}

function sideOf(texts: readonly string[]): Side {
  const side = new Map<string, string>();
  for (const text of texts) {
    const name = nameOf(text);
    const before = side.get(name);
    side.set(name, before === undefined || before === text ? text : `${before}, ${text}`);
  }
  return side;
}

function nameOf(text: string): string {
  const name = WITH_PARAMETERS.find((each) => text === each || text.startsWith(`${each} `));
  return name ?? /^capability \d+/.exec(text)?.[0] ?? text;
}

const parametersOf = (name: string, text: string): string =>
  text === name ? 'no parameters' : text.slice(name.length + 1);

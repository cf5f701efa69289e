// `bgpctl show routes`: routes as a table, or every path of one prefix with the reason of the decision.

import type { RouteList, RouteStatus } from '../../api/model/types.js';
import type { FamilyName } from '../../base/family.js';
import { type CommandContext, type ExitCode, pathWithQuery, show } from '../command.js';
import { formatCount, formatList, formatNumber, orDash } from '../format.js';
import {
  type Cell,
  type Field,
  joinBlocks,
  left,
  type Paint,
  type Row,
  renderFields,
  renderTable,
  right,
  toned,
} from '../tables.js';

export interface RouteOptions {
  readonly family?: FamilyName;
  readonly receivedFrom?: string;
  readonly advertisedTo?: string;
  readonly all?: boolean;
  readonly limit?: string;
}

/** `prefix`: a prefix or an address; its paths are shown in full, all of them. */
export function showRoutes(
  context: CommandContext,
  prefix: string | undefined,
  options: RouteOptions,
): Promise<ExitCode> {
  const { family, receivedFrom, advertisedTo, limit } = options;
  if (receivedFrom !== undefined && advertisedTo !== undefined) {
    context.printError('give --received-from or --advertised-to, not both');
    return Promise.resolve(2);
  }
  const peer = receivedFrom ?? advertisedTo;
  const single = prefix !== undefined && peer === undefined;
  const path = pathWithQuery('/v1/routes', {
    family,
    prefix,
    peer,
    direction: peer === undefined ? undefined : receivedFrom === undefined ? 'out' : 'in',
    all: options.all === true || single ? 'true' : undefined,
    limit,
  });
  return show<RouteList>(context, path, prefix === undefined ? routesText : pathsText);
}

const COLUMNS = [
  left(''),
  left('Prefix'),
  left('Next hop'),
  left('From'),
  right('LocPrf'),
  right('MED'),
  left('Kernel'),
  left('AS path'),
];

export const routesText = (list: RouteList, paint: Paint): string =>
  joinBlocks([
    list.routes.length === 0 ? [] : renderTable(COLUMNS, list.routes.map(routeRow), paint),
    [routeTotal(list, 'route')],
  ]);

const routeRow = (route: RouteStatus): Row => ({
  cells: [
    route.best ? toned('good', '*') : route.multipath ? toned('good', '=') : '',
    route.prefix,
    orDash(route.nextHop),
    route.source,
    formatNumber(route.localPref),
    formatNumber(route.med),
    kernelCell(route.kernel),
    asPathWithOrigin(route),
  ],
  remarks: [
    ...(route.stale ? [toned('warn', STALE)] : []),
    ...(route.best ? [] : [toned('dim', route.decision)]),
  ],
});

const STALE = 'stale: its peer restarts';

function kernelCell(kernel: string | null): Cell {
  if (kernel === null) return '-';
  if (kernel.startsWith('failed')) return toned('bad', kernel);
  return kernel === 'pending' ? toned('warn', kernel) : kernel;
}

const ORIGIN_LETTERS = { IGP: 'i', EGP: 'e', INCOMPLETE: '?' } as const satisfies Record<
  RouteStatus['origin'],
  string
>;

const asPathWithOrigin = ({ asPath, origin }: RouteStatus): string =>
  `${asPath} ${ORIGIN_LETTERS[origin]}`.trimStart();

function routeTotal({ routes, total }: RouteList, noun: 'route' | 'path'): string {
  if (total === 0) return 'No routes';
  if (routes.length === total) return formatCount(total, noun);
  return `${routes.length} of ${formatCount(total, noun)}: --limit N shows more`;
}

/** Paths in full, a block each. */
export const pathsText = (list: RouteList, paint: Paint): string =>
  joinBlocks([
    ...list.routes.map((route) => [
      pathHead(route, paint),
      ...renderFields(pathFields(route), paint).map(indented),
    ]),
    [routeTotal(list, 'path')],
  ]);

const indented = (line: string): string => `    ${line}`;

function pathHead(route: RouteStatus, paint: Paint): string {
  const { prefix, best, multipath, stale, pathId, source, sourceType } = route;
  const from = source === sourceType ? source : `${source} (${sourceType})`;
  const marks = [best ? 'best' : null, multipath ? 'multipath' : null, stale ? 'stale' : null].filter(
    (mark) => mark !== null,
  );
  const id = pathId === null ? '' : `, path id ${pathId}`;
  return `${paint('strong', prefix)} from ${from}${id}${marks.map((mark) => `, ${paint('good', mark)}`).join('')}`;
}

const lines = (name: string, values: readonly string[]): readonly Field[] =>
  values.map((value) => [name, value]);

function pathFields(route: RouteStatus): readonly Field[] {
  const reflected: readonly Field[] =
    route.originatorId === null && route.clusterList.length === 0
      ? []
      : [
          ['Originator id', orDash(route.originatorId)],
          ['Cluster list', formatList(route.clusterList, ' ')],
        ];
  const { extendedCommunities, onlyToCustomer, aggregator, atomicAggregate } = route;
  // Most routes have none of these: a line each only where there is something to say.
  const rare: readonly Field[] = [
    ...lines('Ext communities', extendedCommunities.length === 0 ? [] : [extendedCommunities.join(' ')]),
    ...lines('Aggregator', aggregator === null ? [] : [aggregator]),
    ...lines('Aggregate', atomicAggregate ? ['atomic'] : []),
    ...lines('AIGP', route.aigp === null ? [] : [route.aigp]),
    ...lines('Only to customer', onlyToCustomer === null ? [] : [String(onlyToCustomer)]),
    ...lines('Tunnel', route.tunnels),
    ...lines('Passed on', route.otherAttributes),
  ];
  return [
    ['Decision', route.decision],
    ['Next hop', orDash(route.nextHop)],
    ['AS path', route.asPath === '' ? 'empty' : route.asPath],
    ['Origin', route.origin],
    ['Weight', String(route.weight)],
    ['LOCAL_PREF', formatNumber(route.localPref)],
    ['MED', formatNumber(route.med)],
    ['Communities', formatList(route.communities, ' ')],
    ...rare,
    ...reflected,
    ['Kernel', kernelCell(route.kernel)],
  ];
}

// Changes that are tried and guarded, in a process as an operator runs it: real signals, real files, real resources.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { stringify } from 'yaml';
import type { ConfigReport } from '../../src/api/model/types.js';
import { waitFor } from '../support/wait.js';
import { type BgpdProcess, withProcess } from './bgpd-process.js';
import { passive, type Yaml } from './daemon-rig.js';

const A = '127.0.0.2';
const MANY = Array.from({ length: 12 }, (_, i) => `10.65.${i}.0/24`);

const originate = (prefixes: readonly string[]): Yaml => ({
  originate: prefixes.map((prefix) => ({ prefix })),
});

const configOf = async (bgpd: BgpdProcess): Promise<ConfigReport> =>
  JSON.parse((await bgpd.ask('/v1/config')).body) as ConfigReport;

test('SIGHUP is refused while a change waits; the file is read again when it does not', (t) =>
  withProcess(async (bgpd) => {
    const peers = [passive('a', A, 64512)];
    const child = await bgpd.start({ ...originate(MANY), peers });
    const a = await bgpd.join(A, { asn: 64512 });
    await a.hasRoutes(...MANY);
    const next = bgpd.folder.file('next.yaml');
    writeFileSync(next, stringify({ asn: 64512, routerId: '10.0.0.1', ...originate(MANY.slice(1)), peers }));
    t.is((await bgpd.bgpctl('config', 'apply', next, '--confirm', '10m')).status, 0);
    await a.hasRoutes(...MANY.slice(1));
    child.signal('SIGHUP');
    await bgpd.logs('configuration not taken over');
    t.is((await configOf(bgpd)).generation, 2);
    t.deepEqual(a.routes, [...MANY.slice(1)].sort());
    t.is((await bgpd.bgpctl('config', 'rollback')).status, 0);
    await a.hasRoutes(...MANY);
    child.signal('SIGHUP');
    await waitFor('the reload', async () => (await configOf(bgpd)).generation === 4);
  }));

const NODE = `apiVersion: projectcalico.org/v3
kind: Node
metadata: { name: host-a }
spec: { bgp: { ipv4Address: 192.0.2.1/24, asNumber: 64512 } }
`;
const POOL = `apiVersion: projectcalico.org/v3
kind: IPPool
metadata: { name: main }
spec: { cidr: 10.65.0.0/16 }
`;

test('resources that would withdraw too much do not come in until somebody forces them', (t) =>
  withProcess(async (bgpd) => {
    mkdirSync(bgpd.folder.file('calico'));
    writeFileSync(bgpd.folder.file('calico/node.yaml'), NODE);
    writeFileSync(bgpd.folder.file('calico/pool.yaml'), POOL);
    const peers = [passive('a', A, 64512, { export: ['pools'] })];
    const calico = { node: 'host-a', resources: ['calico'] };
    await bgpd.start({ ...originate(MANY), peers, calico });
    const a = await bgpd.join(A, { asn: 64512 });
    await a.hasRoutes(...MANY);
    rmSync(bgpd.folder.file('calico/pool.yaml'));
    await bgpd.logs('12 of 12 prefixes announced (100 %) to a');
    t.is(a.routes.length, 12);
    t.regex((await configOf(bgpd)).lastError ?? '', /^refused: it would withdraw 12 of 12/);
    t.is((await bgpd.bgpctl('reload', '--force')).status, 0);
    await a.hasRoutes();
  }));

// Installs the programs the interop tests talk to, from Debian's packages, when run as root on a Debian-like Linux.
// Services never start: policy-rc.d forbids it for the time of the install, and their units are disabled after it.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Package -> a program that proves it is there, and the services it would like to start. */
const PACKAGES = [
  { name: 'bird2', program: 'birdc', services: ['bird'] },
  { name: 'frr', program: '/usr/lib/frr/bgpd', services: ['frr'] },
  { name: 'gobgpd', program: 'gobgpd', services: ['gobgpd'] },
  { name: 'tshark', program: 'tshark', services: [] },
  { name: 'stayrtr', program: 'stayrtr', services: ['stayrtr'] },
  { name: 'iproute2', program: 'ip', services: [] },
  { name: 'iputils-ping', program: 'ping', services: [] },
];

const FOLDERS = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin', '/bin'];

const isInstalled = ({ program }) =>
  program.startsWith('/') ? existsSync(program) : FOLDERS.some((folder) => existsSync(join(folder, program)));

export const missingPackages = () => PACKAGES.filter((entry) => !isInstalled(entry));

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY_FORBID = '#!/bin/sh\nexit 101\n';

/** Returns what puts the machine's own policy back. */
const forbidServices = () => {
  const before = existsSync(POLICY_FILE)
    ? { text: readFileSync(POLICY_FILE), mode: statSync(POLICY_FILE).mode & 0o7777 }
    : null;
  writeFileSync(POLICY_FILE, POLICY_FORBID);
  chmodSync(POLICY_FILE, 0o755);
  return () => {
    if (before === null) return rmSync(POLICY_FILE, { force: true });
    writeFileSync(POLICY_FILE, before.text);
    chmodSync(POLICY_FILE, before.mode);
  };
};

const aptGet = (...args) =>
  spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-q', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });

const install = (names) => {
  const first = aptGet('install', '-y', '--no-install-recommends', ...names);
  if (first.status === 0) return first;
  aptGet('update');
  return aptGet('install', '-y', '--no-install-recommends', ...names);
};

const disable = (services) => {
  if (services.length > 0) spawnSync('systemctl', ['disable', '--quiet', ...services], { stdio: 'ignore' });
};

const canInstall = () =>
  process.platform === 'linux' && process.getuid() === 0 && existsSync('/usr/bin/apt-get');

/** Tries to install what is missing. Returns the names of the packages that are still missing. */
export const installPeers = (report) => {
  const missing = missingPackages();
  if (missing.length === 0 || !canInstall()) return missing.map(({ name }) => name);
  const names = missing.map(({ name }) => name);
  report(`installing ${names.join(', ')}`);
  const restore = forbidServices();
  const leave = () => process.exit(130);
  process.once('exit', restore).once('SIGINT', leave).once('SIGTERM', leave);
  try {
    const result = install(names);
    if (result.status !== 0) report(`apt-get: ${(result.stderr || String(result.error)).trim()}`);
    disable(missing.flatMap(({ services }) => services));
  } finally {
    restore();
    process.off('exit', restore).off('SIGINT', leave).off('SIGTERM', leave);
  }
  return missingPackages().map(({ name }) => name);
};

if (process.argv[1] === import.meta.filename) {
  const missing = installPeers((line) => process.stdout.write(`${line}\n`));
  process.stdout.write(
    missing.length === 0 ? 'all peers are installed\n' : `missing: ${missing.join(', ')}\n`,
  );
  process.exitCode = missing.length === 0 ? 0 : 1;
}

// Logs: turns daemon events into log lines, each once per change and never once per route.

import { toHex } from '../../base/bytes.js';
import { FAMILY_NAMES } from '../../base/family.js';
import { formatIp } from '../../base/ip.js';
import { formatPrefix } from '../../base/prefix.js';
import { formatProblem } from '../../config/problem.js';
import type { Blame } from '../../fsm/blame.js';
import type { KernelEvent } from '../../kernel/types.js';
import { ATTRIBUTE_NAMES } from '../../wire/iana.js';
import { summarize } from '../changes/reload-notes.js';
import type { DaemonEvents, PeerRestartNews } from '../events.js';
import type { PrefixLimitNews } from '../peers/prefix-limits.js';
import { culpritText } from '../status/status-drift.js';
import type { Logger } from './logger.js';
import type { LineLimiter } from './rate-limit.js';

/** Octets of a malformed attribute in a line of the log. */
const SHOWN_OCTETS = 64;

/** Says whether a line of this key may be logged now, and how many before it were not. */
type Limit = (key: string, linesPerMinute?: number) => { readonly suppressed?: number } | null;

export function logEvents(events: DaemonEvents, log: Logger, limiter: LineLimiter, now: () => number): void {
  const limit: Limit = (key, linesPerMinute) => {
    const admission = limiter.admit(key, now(), linesPerMinute);
    if (!admission.pass) return null;
    return admission.suppressed === 0 ? {} : { suppressed: admission.suppressed };
  };
  events.on('peerState', (peer, from, to) => log.debug({ peer, from, to }, 'session state'));
  events.on('peerBlame', (peer, blame, ended) => logBlame(log, limit, peer, blame, ended));
  events.on('prefixLimit', (peer, news) => logPrefixLimit(log, peer, news));
  events.on('administered', (peer, action) =>
    log.info(peer === '' ? { action } : { peer, action }, 'done by an operator'),
  );
  events.on('peerEstablished', (peer, session) => {
    const families = session.families.map((family) => (family === 0 ? 'ipv4-unicast' : 'ipv6-unicast'));
    log.info({ peer, asn: session.peerAsn, families, holdTime: session.holdTime }, 'session established');
  });
  events.on('policyMissing', (peer, directions) => {
    const what = directions.join(' and ');
    log.warn({ peer, directions }, `RFC 8212: eBGP peer without ${what} policy: no routes in that direction`);
  });
  events.on('routesWithheld', (peer) =>
    log.info({ peer, advertise: 'originated' }, 'what other peers tell is not passed on to this one'),
  );
  events.on('verdict', (peer, { action, attribute, reason, bytes }) => {
    // One unknown attribute is as good as another: what a peer makes up must not make a line each.
    const pass = limit(`verdict ${peer} ${action} ${ATTRIBUTE_NAMES[attribute] ?? ''} ${reason}`, 1);
    if (pass === null) return;
    const octets = toHex(bytes.subarray(0, SHOWN_OCTETS));
    log.warn({ peer, action, attribute, reason, octets, ...pass }, 'malformed path attribute');
  });
  events.on('endOfRib', (peer, family) => log.debug({ peer, family }, 'End-of-RIB received'));
  events.on('peerRestart', (peer, news) => logPeerRestart(log, peer, news));
  events.on('restart', (state, detail) => log.info({ detail }, RESTART_LINES[state]));
  events.on('dynamicPeer', (peer, action, detail) => log.info({ peer, detail }, `dynamic peer ${action}`));
  events.on('routerFound', (peer, name, address) => {
    const pass = limit(`router ${peer}`);
    if (pass !== null) log.info({ peer, interface: name, address, ...pass }, 'router found');
  });
  events.on('connectionRefused', (address, reason) => {
    const pass = limit(`refused ${address}`);
    if (pass !== null) log.warn({ address, reason, ...pass }, 'incoming connection refused');
  });
  events.on('kernel', (event) => logKernel(log, limit, event));
  events.on('rpki', (cache, state, detail) => {
    const pass = limit(`rpki ${cache} ${state}`);
    if (pass === null) return;
    if (state === 'synced') log.info({ cache, detail, ...pass }, 'RPKI cache synced');
    else log.warn({ cache, reason: detail, ...pass }, 'RPKI cache down');
  });
  events.on('configLoaded', (generation, config, changes) => {
    log.info({ generation, changes: summarize(changes) }, 'configuration loaded');
    log.level = config.log.level;
  });
  events.on('configKept', (objects) => {
    for (const { object, fate, problem } of objects) {
      const what = fate === 'kept' ? 'stays as it was' : 'is left out';
      log.error({ object, problem }, `${object} ${what}: ${formatProblem(problem)}`);
    }
  });
  events.on('configRejected', (problems) => {
    for (const problem of problems) log.error({ problem }, formatProblem(problem));
    log.error('configuration rejected, the running one stays in force');
  });
  events.on('configRefused', (reason) => log.error({ reason }, 'configuration not taken over'));
  events.on('configPending', (file, seconds) =>
    log.warn({ file, seconds }, 'a change of the configuration waits for confirmation'),
  );
  events.on('configConfirmed', (file) => log.info({ file }, 'the change of the configuration is confirmed'));
  events.on('configRolledBack', (file, reason) =>
    log.warn({ file, reason }, 'the change of the configuration is rolled back'),
  );
  events.on('configWarning', (problem) => log.warn({ problem }, formatProblem(problem)));
  events.on('limit', ({ name, limit, used, exceeded }) => {
    if (exceeded) log.warn({ limit, used }, `limits.${name} is exceeded: nothing is refused`);
    else log.info({ limit, used }, `limits.${name} is kept again`);
  });
  events.on('alarm', ({ name, subject, detail }, raised) => {
    const pass = limit(`alarm ${name} ${raised}`);
    if (pass === null) return;
    if (raised) log.warn({ alarm: name, subject, detail, ...pass }, `alarm ${name}: ${subject} ${detail}`);
    else log.info({ alarm: name, subject, ...pass }, `alarm ${name} is over: ${subject}`);
  });
  events.on('warning', (message, detail) => log.warn({ ...detail }, message));
}

function logBlame(log: Logger, limit: Limit, peer: string, blame: Blame, ended: boolean): void {
  const { kind, fault, text, evidence } = blame;
  const fields = { peer, reason: text, kind, fault, ...(evidence.length === 0 ? {} : { evidence }) };
  if (ended) {
    log.warn(fields, 'session down');
    return;
  }
  // Nobody has to be told that what never was up does not come up once it is switched off, or that nothing has failed.
  if (kind === 'adminDown' || kind === 'waiting' || kind === 'connecting') return;
  const pass = limit(`attempt ${peer} ${text}`);
  if (pass !== null) log.info({ ...fields, ...pass }, 'session not established');
}

const RESTART_LINES = {
  begun: 'graceful restart: peers are asked to keep our routes',
  selected: 'graceful restart: routes of peers are chosen from',
  complete: 'graceful restart is over: End-of-RIB goes to all peers',
} as const;

function logPeerRestart(log: Logger, peer: string, news: PeerRestartNews): void {
  switch (news.kind) {
    case 'away':
      log.info(
        { peer, paths: news.paths, seconds: news.seconds },
        'graceful restart: the routes of the peer stay',
      );
      return;
    case 'back': {
      const families = FAMILY_NAMES.filter((_, family) => news.kept[family]);
      const what =
        families.length === 0 ? 'and did not keep forwarding: its routes go' : 'to tell its routes again';
      log.info({ peer, families }, `graceful restart: the peer is back ${what}`);
      return;
    }
    case 'over':
      log.info(
        { peer, family: FAMILY_NAMES[news.family], paths: news.paths },
        'graceful restart of the peer is over: what it did not tell again goes',
      );
      return;
    case 'expired':
      log.warn({ peer, paths: news.paths }, 'graceful restart of the peer took too long: what is stale goes');
      return;
  }
}

const ON_EXCESS = {
  warn: 'all are taken',
  idle: 'the session ends',
  drop: 'what comes beyond is dropped',
} as const;

function logPrefixLimit(
  log: Logger,
  peer: string,
  { family, level, received, config }: PrefixLimitNews,
): void {
  const fields = { peer, family, received, limit: config.limit };
  switch (level) {
    case 'below':
      log.info(fields, 'maxPrefix: below the threshold again');
      return;
    case 'near':
      log.warn(fields, `maxPrefix: ${config.warn} % of the limit is reached`);
      return;
    case 'over':
      log.warn(fields, `maxPrefix: the limit is exceeded, ${ON_EXCESS[config.action]}`);
      return;
  }
}

function logKernel(log: Logger, limit: Limit, event: KernelEvent): void {
  switch (event.kind) {
    case 'synced': {
      const { kind: _kind, ...counts } = event;
      log.info(counts, 'kernel routes read');
      return;
    }
    case 'overrun':
      log.warn('kernel events were lost (ENOBUFS): reading everything again');
      return;
    case 'linkDown':
    case 'linkUp':
      // Every workload has a link, so these are as frequent as workloads.
      log.debug({ interface: event.interface }, event.kind === 'linkUp' ? 'link up' : 'link down');
      return;
    case 'gatewayLost':
    case 'gatewayBack': {
      const pass = limit(event.kind);
      if (pass === null) return;
      const detail = { address: formatIp(event.address), interface: event.interface, ...pass };
      if (event.kind === 'gatewayBack') log.info(detail, 'a gateway is used again');
      else log.warn(detail, 'a gateway does not answer: next hops behind it are out of use');
      return;
    }
    case 'swept':
      log.info({ routes: event.routes }, 'stale routes of an earlier run removed');
      return;
    case 'fibError': {
      const { errno, attempt } = event;
      const pass = limit(`fib ${errno}`);
      if (pass === null) return;
      log.warn({ prefix: formatPrefix(event.prefix), errno, attempt, ...pass }, 'the kernel refused a route');
      return;
    }
    case 'refused': {
      const prefix = formatPrefix(event.prefix);
      const pass = limit('route kept out');
      if (pass !== null)
        log.warn({ prefix, reason: event.reason, ...pass }, 'learned route kept out of the kernel');
      return;
    }
    case 'tunnelProblem':
      log.warn({ device: event.device, problem: event.problem }, 'a tunnel cannot be used');
      return;
    case 'tunnelReady':
      log.info({ device: event.device }, 'tunnel ready');
      return;
    case 'drift':
      logDrift(log, limit, event);
      return;
    case 'fight': {
      const { prefix, by, blows } = event.fight;
      const pass = limit('fight');
      if (pass === null) return;
      const detail = { prefix: formatPrefix(prefix), by: culpritText(by), blows, ...pass };
      log.warn(detail, 'somebody changes a route of ours again and again: it is put back ever later');
      return;
    }
    case 'noNextHopGroups':
      log.warn(
        'kernel.nextHopGroups is on, but this kernel has no nexthop objects: routes carry their next hops',
      );
      return;
    case 'workerFailed':
      log.error({ message: event.message }, 'the kernel worker failed');
      return;
  }
}

function logDrift(
  log: Logger,
  limit: Limit,
  { first, count }: Extract<KernelEvent, { kind: 'drift' }>,
): void {
  const pass = limit(`drift ${first.cause}`);
  if (pass === null) return;
  const detail = { prefix: formatPrefix(first.prefix), cause: first.cause, by: culpritText(first.by), count };
  const taken = "another program's route took the place of ours: it is left alone";
  const returned = "a write of ours had displaced another program's route: that is back in its place";
  const mended = 'the kernel differed from what we wrote: put right';
  const says = first.cause === 'taken' ? taken : first.cause === 'overwrote' ? returned : mended;
  log.warn({ ...detail, ...pass }, says);
}

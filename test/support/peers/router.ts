// Makes a router of a given kind, and knows which programs each kind needs.

import { existsSync } from 'node:fs';
import { findProgram } from '../command.js';
import type { NetNode } from '../netns.js';
import { BgpdRouter } from './bgpd.js';
import { BirdRouter } from './bird.js';
import { FrrRouter } from './frr.js';
import { GobgpRouter } from './gobgp.js';
import type { Router, RouterKind, RouterSpec } from './types.js';

export const createRouter = (kind: RouterKind, node: NetNode, spec: RouterSpec): Router => {
  switch (kind) {
    case 'bird':
      return new BirdRouter(node, spec);
    case 'frr':
      return new FrrRouter(node, spec);
    case 'gobgp':
      return new GobgpRouter(node, spec);
    case 'bgpd':
      return new BgpdRouter(node, spec);
  }
};

const PROGRAMS = {
  bird: ['bird', 'birdc'],
  frr: ['/usr/lib/frr/zebra', '/usr/lib/frr/bgpd', 'vtysh'],
  gobgp: ['gobgpd', 'gobgp'],
  bgpd: [],
} as const satisfies Readonly<Record<RouterKind, readonly string[]>>;

/** Programs of this kind that are not installed. */
export const missingPrograms = (kind: RouterKind): readonly string[] =>
  PROGRAMS[kind].filter((name) => (name.startsWith('/') ? !existsSync(name) : findProgram(name) === null));

// bgpd and BIRD, both as they are, in two network namespaces.

import { declareCases } from './cases.js';

declareCases('bird');

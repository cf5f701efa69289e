// bgpd and GoBGP, both as they are, in two network namespaces.

import { declareCases } from './cases.js';

declareCases('gobgp');

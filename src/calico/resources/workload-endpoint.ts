// WorkloadEndpoint: a workload and its addresses, as far as a BGP session with it needs them.

import { type Field, listOf, optional, type ReadBy, record, required, text } from './fields.js';
import { hostRange, nodeName } from './values.js';

const spec = record(
  {
    node: required(nodeName),
    ipNetworks: optional(listOf(hostRange)),
    interfaceName: optional(text('an interface', (given) => given)),
  },
  'ignore',
);

export type WorkloadEndpointSpec = NonNullable<ReadBy<typeof spec>>;

export const readWorkloadEndpoint: Field<WorkloadEndpointSpec> = spec;

// Where the configuration wants the API, in the API's own terms.

import type { ApiAddresses } from '../../api/availability.js';
import { formatIp } from '../../base/ip.js';
import type { Config } from '../../config/types.js';

export function apiAddresses({ api: { socket, listen } }: Pick<Config, 'api'>): ApiAddresses {
  return {
    socketPath: socket,
    listen: listen === null ? null : { host: formatIp(listen.address), port: listen.port },
  };
}

// `flood-process PORT COUNT`: opens connections to 127.0.0.1:PORT from COUNT addresses of 127.9.9.0/24, as fast as it can,
// until it is told to end; what is refused comes again at once.

import { connect } from 'node:net';

const [port = 0, count = 1] = process.argv.slice(2).map(Number);

const flood = (localAddress: string): void => {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  socket.on('error', () => undefined);
  socket.on('data', () => socket.resetAndDestroy());
  socket.on('close', () => setImmediate(flood, localAddress));
};

for (let index = 0; index < count; index++) flood(`127.9.9.${1 + (index % 250)}`);

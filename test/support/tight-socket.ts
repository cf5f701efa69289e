// A connection whose receive window is as small as the kernel allows: it is full after a few segments, so that a peer that
// does not read shows a zero window at once.

import { Socket } from 'node:net';
import { parseIp } from '../../src/base/ip.js';
import { intOption, libc } from '../../src/sys/libc.js';
import { createTcpSocketFd } from '../../src/sys/socket-options.js';
import { ScriptedPeer } from './scripted-peer.js';

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
/** The kernel makes some 2 KiB of it. */
const SMALLEST = 1;

export async function dialTight(address: string, port: number, from: string): Promise<ScriptedPeer> {
  const local = parseIp(from);
  if (local === null) throw new Error(`no address: ${from}`);
  const opened = createTcpSocketFd(local.family, { bindAddress: local });
  if (!opened.ok) throw new Error(opened.errno);
  const fd = opened.value;
  libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUF, intOption(SMALLEST), 4);
  const socket = new Socket({ fd, manualStart: true, readableHighWaterMark: 1 } as ConstructorParameters<
    typeof Socket
  >[0]);
  const peer = new ScriptedPeer(socket);
  await new Promise<void>((resolve) => {
    socket.once('close', resolve);
    socket.connect({ host: address, port }, resolve);
  });
  return peer;
}

// Interface peers in the daemon, on an invented link: what is shown before anybody is found, and what a reload keeps.

import test from 'ava';
import { parseIp } from '../../src/base/ip.js';
import type { LinkMessage, OpenLinkSocket } from '../../src/net/discovery/link-socket.js';
import { fakeClock } from '../support/fake-clock.js';
import { BASE, OPEN_EBGP, withDaemons, type Yaml } from './daemon-rig.js';

const CONFIG: Yaml = { ...BASE, peers: [{ interface: 'eth7', asn: 'external', ...OPEN_EBGP }] };

const noSocket: OpenLinkSocket = () => ({ ok: false, errno: 'EPERM' });

test('without CAP_NET_RAW the peer waits, and log and status say what is missing', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(CONFIG, { openLinkSocket: noSocket });
    t.like(daemon.peer('eth7'), {
      address: '%eth7',
      type: 'ebgp',
      asn: 0,
      kind: ['any external AS'],
      reason: 'no router has been heard on eth7 yet: EPERM',
    });
    t.is(daemon.logged('CAP_NET_RAW').length, 1);
  }));

test('the router that is heard is dialled; a reload keeps what was found, and its end forgets it', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const heard: LinkMessage[] = [];
    let open = 0;
    const openLinkSocket: OpenLinkSocket = () => {
      open++;
      return {
        ok: true,
        socket: { send: () => true, receive: () => heard.shift() ?? null, close: () => open-- },
      };
    };
    const daemon = await rig.start(CONFIG, { clock, openLinkSocket });
    t.is(daemon.peer('eth7').reason, 'no router has been heard on eth7 yet');
    heard.push({ kind: 'advertisement', interface: 'eth7', from: parseIp('fe80::b')! });
    clock.advance(200);
    t.is(daemon.peer('eth7').address, 'fe80::b%eth7');
    t.is(daemon.logged('router found').length, 1);
    t.is(daemon.status.peer('fe80::b%eth7')?.name, 'eth7');
    // There is no such link here.
    await daemon.until(
      'an attempt',
      () => daemon.peer('eth7').reason?.startsWith('could not connect') === true,
    );
    await daemon.reload({ ...CONFIG, originate: [{ prefix: '10.65.9.0/24' }] });
    t.is(daemon.peer('eth7').address, 'fe80::b%eth7');
    t.is(open, 1);
    await daemon.reload(BASE);
    t.is(daemon.status.peer('eth7'), null);
    t.is(open, 0);
  }));

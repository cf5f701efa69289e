// Devices of tunnels over time: what is put aside, when it goes, and what is done where the kernel renames none that is up.

import test from 'ava';
import { Links } from '../../src/kernel/next-hops/links.js';
import type { TunnelWrite } from '../../src/kernel/port.js';
import { Tunnels } from '../../src/kernel/tunnels/tunnels.js';
import type { TunnelDevice } from '../../src/kernel/types.js';
import { ip } from './bench.js';

type Vxlan = Extract<TunnelDevice, { kind: 'vxlan' }>;

const VXLAN: Vxlan = {
  kind: 'vxlan',
  name: 'vxlan.bgp',
  vni: 4097,
  port: 4789,
  mtu: null,
  address: ip('10.10.0.1'),
  mac: '02:00:00:00:00:01',
};
const OTHER: Vxlan = { ...VXLAN, vni: 4098, mac: '02:00:00:00:00:02' };
const ASIDE = 'vxlan.bgp~bgpd';

class Host {
  readonly links = new Links();
  readonly tunnels = new Tunnels(this.links, { tunnelled: [] });

  constructor(device: Vxlan = VXLAN) {
    this.has(7, device);
    this.tunnels.configure([device]);
  }

  has(ifindex: number, { vni, port, address, mac }: Vxlan, name = VXLAN.name): void {
    const state = { up: true, running: true, loopback: false, mtu: 1450, linkKind: 'vxlan' } as const;
    this.links.setLink({ ifindex, name, ...state, mac, vxlan: { vni, port, address } });
  }

  /** What is written, answered with `errno`. */
  step(now: number, written = true, errno: string | null = null): readonly TunnelWrite[] {
    const order = this.tunnels.take(now, written);
    if (order === null) return [];
    this.tunnels.written(
      order.id,
      errno === null ? [] : order.writes.map((_, index) => ({ index, errno })),
      now,
    );
    return order.writes;
  }
}

test('another VNI: the old device steps aside, the new one is made, the old one goes when routes and time allow', (t) => {
  const host = new Host();
  t.deepEqual(host.step(0), []);
  host.tunnels.configure([OTHER]);
  t.deepEqual(host.step(1), [{ kind: 'rename', ifindex: 7, name: ASIDE }]);
  t.true(host.tunnels.isMaking(VXLAN.name));
  t.deepEqual(host.step(2), [], 'its notification is on the way');
  host.has(7, VXLAN, ASIDE);
  t.like(host.step(3), [{ kind: 'create', device: OTHER }]);
  host.has(8, OTHER);
  t.deepEqual(host.step(1000), []);
  t.is(host.tunnels.status()[0]?.ready, true);
  t.is(host.tunnels.nextDue(), 11_000);
  t.deepEqual(host.step(10_999), []);
  t.deepEqual(host.step(11_000, false), [], 'routes are still to be written');
  t.deepEqual(host.step(11_001), [{ kind: 'destroy', ifindex: 7 }]);
  host.links.deleteLink(7);
  t.deepEqual(host.step(11_002), []);
  t.is(host.tunnels.nextDue(), null);
});

test('a kernel that renames no device that is up: destroyed and made, and not asked again', (t) => {
  const host = new Host();
  host.tunnels.configure([OTHER]);
  t.is(host.step(1, true, 'EBUSY')[0]?.kind, 'rename');
  t.deepEqual(host.step(2), [{ kind: 'destroy', ifindex: 7 }]);
  host.links.deleteLink(7);
  t.like(host.step(3), [{ kind: 'create', device: OTHER }]);
  host.has(8, OTHER);
  host.tunnels.configure([VXLAN]);
  t.deepEqual(host.step(4), [{ kind: 'destroy', ifindex: 8 }]);
});

for (const [what, device] of [
  ['another address', { ...VXLAN, address: ip('10.10.0.9') }],
  ['another MAC', { ...VXLAN, mac: OTHER.mac }],
] as const) {
  test(`${what}: two of one VNI and port cannot be there`, (t) => {
    const host = new Host();
    host.tunnels.configure([device]);
    t.deepEqual(host.step(1), [{ kind: 'destroy', ifindex: 7 }]);
  });
}

test('another port: beside the old one', (t) => {
  const host = new Host();
  host.tunnels.configure([{ ...VXLAN, port: 8472 }]);
  t.deepEqual(host.step(1), [{ kind: 'rename', ifindex: 7, name: ASIDE }]);
});

test('a third VNI while the first is still there: the second has no place to step to', (t) => {
  const host = new Host(OTHER);
  host.has(6, VXLAN, ASIDE);
  host.tunnels.configure([{ ...OTHER, vni: 4099 }]);
  t.deepEqual(host.step(1), [{ kind: 'destroy', ifindex: 7 }]);
});

test('what an earlier run put aside goes, and with the device that is no longer configured', (t) => {
  const found = new Host();
  found.has(6, OTHER, ASIDE);
  t.deepEqual(found.step(0), []);
  t.deepEqual([...found.step(10_000), ...found.step(10_001)], [{ kind: 'destroy', ifindex: 6 }]);
  const host = new Host();
  host.has(6, OTHER, ASIDE);
  host.tunnels.configure([]);
  t.deepEqual(host.step(1), [
    { kind: 'destroy', ifindex: 7 },
    { kind: 'destroy', ifindex: 6 },
  ]);
});

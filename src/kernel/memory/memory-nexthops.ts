// Nexthop objects of a kernel in memory: single hops and groups, as Linux keeps them. Tells which routes changed or went
// with them; the world does the rest.

import type { ObjectWrite } from '../port.js';
import type { KernelLink, KernelNextHop, KernelNexthop } from '../types.js';

export interface ObjectWorld {
  readonly objects: Map<number, KernelNexthop>;
  readonly links: ReadonlyMap<string, KernelLink>;
  /** Routes that use the object follow it; without hops they are gone, and nobody is told. */
  readonly follow: (id: number, hops: readonly KernelNextHop[]) => void;
  /** Why the kernel refuses the hop, null when it does not. */
  readonly check: (hop: KernelNextHop) => string | null;
}

/** Null, or an errno name. */
export function writeObject(world: ObjectWorld, write: ObjectWrite): string | null {
  switch (write.kind) {
    case 'setHop': {
      const refused = world.check(write.hop);
      if (refused !== null) return refused;
      set(world, {
        id: write.id,
        protocol: write.protocol,
        hop: { ...write.hop, weight: 1 },
        members: null,
      });
      return null;
    }
    case 'setGroup': {
      const known = write.members.every(({ id }) => world.objects.get(id)?.hop != null);
      if (!known || write.members.length === 0) return 'EINVAL';
      const before = world.objects.get(write.id);
      if (before !== undefined && (before.resilient === true) !== write.resilient) return 'EINVAL';
      const { id, protocol, members } = write;
      set(world, { id, protocol, hop: null, members, ...(write.resilient ? { resilient: true } : {}) });
      return null;
    }
    case 'dropObject':
      if (!world.objects.has(write.id)) return 'ENOENT';
      dropObject(world, write.id);
      return null;
    default:
      return write satisfies never;
  }
}

export function dropObject(world: ObjectWorld, id: number): void {
  world.objects.delete(id);
  world.follow(id, []);
  for (const other of [...world.objects.values()]) {
    const left = other.members?.filter((member) => member.id !== id) ?? null;
    if (left === null || left.length === other.members?.length) continue;
    if (left.length === 0) dropObject(world, other.id);
    else set(world, { ...other, members: left });
  }
}

/** A link that is down or without carrier, or gone, takes the objects that use it along. */
export function flushObjects(world: ObjectWorld, ifindex: number): void {
  for (const { id, hop } of [...world.objects.values()]) if (hop?.ifindex === ifindex) dropObject(world, id);
}

/** The hops that a route with this object takes; null when there is no such object. */
export function hopsOf(world: ObjectWorld, id: number): readonly KernelNextHop[] | null {
  const object = world.objects.get(id);
  if (object === undefined) return null;
  if (object.hop !== null) return [object.hop];
  return (object.members ?? []).flatMap((member) => {
    const hop = world.objects.get(member.id)?.hop ?? null;
    return hop === null ? [] : [{ ...hop, weight: member.weight }];
  });
}

function set(world: ObjectWorld, object: KernelNexthop): void {
  world.objects.set(object.id, object);
  world.follow(object.id, hopsOf(world, object.id) ?? []);
}

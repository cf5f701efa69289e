// Links and addresses as the kernel last told. Answers what a link is called, whether it carries packets, whether an
// address is our own, which of our addresses to send from.

import { compareIp, type IpAddress, isLinkLocal, isLoopback } from '../../base/ip.js';
import { makePrefix, maxLength, prefixContainsIp } from '../../base/prefix.js';
import type { KernelAddress, KernelLink } from '../types.js';

export class Links {
  readonly #links = new Map<number, KernelLink>();
  readonly #byName = new Map<string, KernelLink>();
  readonly #addresses = new Map<number, readonly KernelAddress[]>();

  get links(): readonly KernelLink[] {
    return [...this.#links.values()];
  }

  get addresses(): readonly KernelAddress[] {
    return [...this.#addresses.values()].flat();
  }

  get(ifindex: number): KernelLink | undefined {
    return this.#links.get(ifindex);
  }

  byName(name: string): KernelLink | undefined {
    return this.#byName.get(name);
  }

  /** Empty for an interface we do not know. */
  nameOf(ifindex: number): string {
    return this.#links.get(ifindex)?.name ?? '';
  }

  /** Up and with carrier. */
  usable(ifindex: number): boolean {
    const link = this.#links.get(ifindex);
    return link?.up === true && link.running;
  }

  setLink(link: KernelLink): void {
    const old = this.#links.get(link.ifindex);
    // Renamed: the name may be another's by now.
    if (old !== undefined && this.#byName.get(old.name) === old) this.#byName.delete(old.name);
    this.#links.set(link.ifindex, link);
    this.#byName.set(link.name, link);
  }

  deleteLink(ifindex: number): void {
    const old = this.#links.get(ifindex);
    if (old !== undefined && this.#byName.get(old.name) === old) this.#byName.delete(old.name);
    this.#links.delete(ifindex);
    this.#addresses.delete(ifindex);
  }

  /** False when it was known. */
  setAddress(address: KernelAddress): boolean {
    const old = this.#addresses.get(address.ifindex) ?? [];
    if (old.some((other) => sameAddress(other, address))) return false;
    this.#addresses.set(address.ifindex, [...old, address]);
    return true;
  }

  /** False when it was not known. */
  deleteAddress(address: KernelAddress): boolean {
    const old = this.#addresses.get(address.ifindex) ?? [];
    const left = old.filter((other) => !sameAddress(other, address));
    if (left.length === 0) this.#addresses.delete(address.ifindex);
    else this.#addresses.set(address.ifindex, left);
    return left.length < old.length;
  }

  clear(): void {
    this.#links.clear();
    this.#byName.clear();
    this.#addresses.clear();
  }

  /** The interface that has this address, 0 when it is not our own. */
  ownerOf(address: IpAddress): number {
    for (const [ifindex, addresses] of this.#addresses)
      if (addresses.some((own) => compareIp(own.address, address) === 0)) return ifindex;
    return 0;
  }

  /** A subnet of one of our interfaces holds the address. */
  inOwnSubnet(address: IpAddress): boolean {
    for (const addresses of this.#addresses.values())
      for (const own of addresses)
        if (isSubnet(own) && prefixContainsIp(makePrefix(own.address, own.length), address)) return true;
    return false;
  }

  /** Our address to talk to `target` through an interface; one in the same subnet is best. */
  sourceFor(ifindex: number, target: IpAddress): IpAddress | null {
    const own = (this.#addresses.get(ifindex) ?? []).filter((a) => a.address.family === target.family);
    const near = own.find((a) => prefixContainsIp(makePrefix(a.address, a.length), target));
    const wide = (near ?? own.find((a) => !isLinkLocal(a.address)))?.address;
    return wide ?? (isLinkLocal(target) ? null : this.#anyGlobal(target)) ?? null;
  }

  #anyGlobal(target: IpAddress): IpAddress | undefined {
    const usable = (a: IpAddress): boolean => a.family === target.family && !isLinkLocal(a) && !isLoopback(a);
    return this.addresses.find(({ address }) => usable(address))?.address;
  }
}

/** Link-local addresses are on every link and say nothing of where a host is. */
export const isSubnet = ({ address, length }: KernelAddress): boolean =>
  length < maxLength(address.family) && !isLinkLocal(address);

const sameAddress = (a: KernelAddress, b: KernelAddress): boolean =>
  a.length === b.length && compareIp(a.address, b.address) === 0;

// Every field that a resource is read for, found by watching the reader: a mapping that remembers which of its fields it
// was asked for. No list of fields has to be kept beside the schema.

import { readResource } from '../../src/calico/resources/resource.js';

/** From the object down; 0 stands for the first element of a list. */
export type Way = readonly (string | 0)[];

/** Each field that the reader of this kind looks at, outermost first. */
export function fieldWays(head: Readonly<Record<string, unknown>>, roots: readonly Way[]): readonly Way[] {
  const found: Way[] = [];
  const open = [...roots];
  for (let way = open.shift(); way !== undefined; way = open.shift()) {
    for (const field of askedAt(head, way)) {
      const inner: Way = [...way, field];
      found.push(inner);
      open.push(inner, [...inner, 0]);
    }
  }
  return found;
}

/** The object with `value` at the end of the way, beside what is there already. */
export function withValueAt(object: unknown, way: Way, value: unknown): unknown {
  const [step, ...rest] = way;
  if (step === undefined) return value;
  if (step === 0) {
    const list = Array.isArray(object) ? object : [];
    return [withValueAt(list[0], rest, value), ...list.slice(1)];
  }
  const mapping = typeof object === 'object' && object !== null && !Array.isArray(object) ? object : {};
  return { ...mapping, [step]: withValueAt((mapping as Record<string, unknown>)[step], rest, value) };
}

function askedAt(head: Readonly<Record<string, unknown>>, way: Way): readonly string[] {
  const asked = new Set<string>();
  // Of the object itself, what it is has to stay readable.
  const watched = new Proxy(way.length === 0 ? { ...head } : {}, {
    getOwnPropertyDescriptor: (target, key) => {
      asked.add(String(key));
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
  readResource(withValueAt(head, way, watched));
  return [...asked].filter((key) => way.length > 0 || !Object.hasOwn(head, key));
}

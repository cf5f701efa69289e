// What came of a corpus: counts, complaints that are explained, and everything that makes the run fail.

import { type Circumstances, explain } from './explanations.js';
import type { Judgement } from './judge.js';

/** Failures kept in words; the rest is counted. */
const SHOWN = 20;

export class Report {
  readonly name: string;
  /** By what they count: `messages`, `routes`. */
  readonly counts = new Map<string, number>();
  /** Complaints with their explanation, and how often. */
  readonly explained = new Map<string, number>();
  readonly failures: string[] = [];
  failed = 0;

  constructor(name: string) {
    this.name = name;
  }

  count(what: string, more = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + more);
  }

  fail(text: string): void {
    this.failed++;
    if (this.failures.length < SHOWN) this.failures.push(text);
  }

  /** Takes what the codec says of one message; `where` names it. */
  take({ complaints, fault }: Judgement, circumstances: Circumstances, where: () => string): void {
    if (fault !== null) this.fail(`${where()}: ${fault}`);
    for (const complaint of complaints) {
      const why = explain(complaint, circumstances);
      if (why === null) {
        this.fail(`${where()}: ${complaint}`);
        continue;
      }
      const text = `${complaint}: ${why}`;
      this.explained.set(text, (this.explained.get(text) ?? 0) + 1);
    }
  }

  lines(): readonly string[] {
    const counts = [...this.counts].map(([what, count]) => `${count} ${what}`).join(', ');
    return [
      `${this.failed === 0 ? 'good' : 'BAD '} ${this.name}: ${counts === '' ? 'nothing' : counts}`,
      ...[...this.explained].map(([text, count]) => `       explained, ${count} times: ${text}`),
      ...this.failures.map((text) => `       ${text}`),
      ...(this.failed > this.failures.length
        ? [`       and ${this.failed - this.failures.length} more`]
        : []),
    ];
  }
}

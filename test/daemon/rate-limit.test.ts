import test from 'ava';
import fc from 'fast-check';
import { LineLimiter } from '../../src/daemon/log/rate-limit.js';

const passed = (limiter: LineLimiter, key: string, now: number): boolean => limiter.admit(key, now).pass;

test('so many lines a key and minute pass, the rest are counted and told with the next', (t) => {
  const limiter = new LineLimiter(2);
  t.deepEqual(limiter.admit('tor-a', 0), { pass: true, suppressed: 0 });
  t.deepEqual(limiter.admit('tor-a', 10), { pass: true, suppressed: 0 });
  t.deepEqual(limiter.admit('tor-a', 20), { pass: false });
  t.deepEqual(limiter.admit('tor-a', 59_999), { pass: false });
  t.deepEqual(limiter.admit('tor-a', 60_000), { pass: true, suppressed: 2 });
  t.deepEqual(limiter.admit('tor-a', 60_001), { pass: true, suppressed: 0 });
});

test('a key can have a bound of its own', (t) => {
  const limiter = new LineLimiter(5);
  t.true(limiter.admit('verdict', 0, 1).pass);
  t.false(limiter.admit('verdict', 1, 1).pass);
  t.deepEqual(limiter.admit('verdict', 60_000, 1), { pass: true, suppressed: 1 });
  t.true(limiter.admit('other', 60_000).pass);
  t.true(limiter.admit('other', 60_001).pass);
});

test('keys do not touch each other', (t) => {
  const limiter = new LineLimiter(1);
  t.true(passed(limiter, 'tor-a', 0));
  t.true(passed(limiter, 'tor-b', 0));
  t.false(passed(limiter, 'tor-a', 1));
});

test('the end of a storm is told once', (t) => {
  const limiter = new LineLimiter(1);
  for (let i = 0; i < 5; i++) limiter.admit('tor-a', i);
  limiter.admit('tor-b', 0);
  t.deepEqual(limiter.drain(59_000), []);
  t.deepEqual(limiter.drain(60_000), [{ key: 'tor-a', suppressed: 4 }]);
  t.deepEqual(limiter.drain(60_001), []);
  t.deepEqual(limiter.admit('tor-a', 60_002), { pass: true, suppressed: 0 });
});

test('the number of keys is bounded: a flood of new ones shares one window', (t) => {
  const limiter = new LineLimiter(2);
  let lines = 0;
  for (let i = 0; i < 5000; i++) if (passed(limiter, `peer-${i}`, 0)) lines++;
  t.is(lines, 1002);
  t.true(passed(limiter, 'peer-0', 1), 'a key of its own');
  t.false(passed(limiter, 'peer-4000', 1));
  t.deepEqual(limiter.admit('peer-4000', 60_000), { pass: true, suppressed: 0 });
  t.is(limiter.drain(60_000).find(({ key }) => key === 'others')?.suppressed, 3999);
});

test('no line is lost: passed and told make all, and no minute passes more than its share', (t) => {
  const steps = fc.array(fc.record({ key: fc.constantFrom('a', 'b'), wait: fc.nat(30_000) }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), steps, (limit, lines) => {
      const limiter = new LineLimiter(limit);
      let now = 0;
      let accounted = 0;
      const times: Record<string, number[]> = { a: [], b: [] };
      for (const { key, wait } of lines) {
        now += wait;
        const admission = limiter.admit(key, now);
        if (!admission.pass) continue;
        accounted += 1 + admission.suppressed;
        times[key]!.push(now);
      }
      for (const { suppressed } of limiter.drain(now + 60_000)) accounted += suppressed;
      t.is(accounted, lines.length);
      for (const at of Object.values(times)) {
        t.true(at.every((time, i) => time - (at[i - 2 * limit] ?? Number.NEGATIVE_INFINITY) >= 60_000));
      }
    }),
  );
});

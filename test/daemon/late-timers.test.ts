// Late timers are told once for all that came since the last look, and only those that a session could feel.

import test from 'ava';
import { Latency } from '../../src/base/latency.js';
import { createEvents } from '../../src/daemon/events.js';
import { LateTimers } from '../../src/daemon/log/late-timers.js';
import { LATE } from '../../src/net/clock.js';

test('timers that ran more than a second late are a warning, others are not', (t) => {
  const lateness = new Latency([100, LATE, 5000]);
  const events = createEvents();
  const told: unknown[] = [];
  events.on('warning', (message, detail) => told.push([message, detail]));
  const watch = new LateTimers({ lateness: () => lateness.snapshot() }, events);
  for (const milliseconds of [3, 800, LATE]) lateness.observe(milliseconds);
  watch.check();
  t.deepEqual(told, []);
  for (const milliseconds of [1001, 4000, 9000, 20]) lateness.observe(milliseconds);
  watch.check();
  watch.check();
  t.deepEqual(told, [['timers ran more than 1 s late: too little processor time', { times: 3 }]]);
});

// Whose doing a change of our routes was, in words.

import test from 'ava';
import { culpritText } from '../../src/daemon/status/status-drift.js';

test('who did it: by name, by number once it has ended, and what it wrote', (t) => {
  t.is(culpritText(null), null);
  t.is(culpritText({ port: 0, name: 'kernel', protocol: null }), 'the kernel');
  t.is(culpritText({ port: 7, name: 'zebra', protocol: 11 }), 'zebra (7), protocol 11 (zebra)');
  t.is(culpritText({ port: 9, name: null, protocol: 99 }), 'a process that has ended (9), protocol 99');
});

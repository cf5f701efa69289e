import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { startLoopMeter } from '../../src/api/metrics/event-loop.js';
import { createMetrics, type MetricsExtra } from '../../src/api/metrics/metrics.js';
import { type Exposition, labelValues, parseExposition, sampleValue } from '../support/exposition.js';
import {
  FAKE_KERNEL,
  FAKE_PEERS,
  type FakeOptions,
  fakeStatus,
  fakeSummary,
  manyPeers,
} from '../support/fake-status.js';

async function scrape(options: FakeOptions = {}, extra: MetricsExtra = {}): Promise<Exposition> {
  const metrics = createMetrics(fakeStatus(options), extra);
  try {
    return parseExposition(await metrics.text());
  } finally {
    metrics.close();
  }
}

const VALUES: readonly (readonly [name: string, labels: Readonly<Record<string, string>>, value: number])[] =
  [
    ['bgpd_healthy', {}, 1],
    ['bgpd_ready', {}, 0],
    ['bgpd_build_info', { version: '0.1.0', node: 'host-a', asn: '64512', router_id: '172.18.203.126' }, 1],
    ['bgpd_config_generation', {}, 3],
    ['bgpd_config_last_reload_successful', {}, 1],
    ['bgpd_config_loaded_timestamp_seconds', {}, 1_767_348_000],
    ['bgpd_rib_prefixes', { family: 'ipv4-unicast' }, 53_212],
    ['bgpd_rib_paths', { family: 'ipv4-unicast' }, 105_210],
    ['bgpd_rib_best_prefixes', { family: 'ipv6-unicast' }, 10],
    ['bgpd_rib_local_prefixes', { family: 'ipv6-unicast' }, 3],
    ['bgpd_attribute_sets', {}, 88],
    ['bgpd_update_groups', {}, 2],
    ['bgpd_timer_slack_seconds', {}, 0.004],
    ['bgpd_timer_lateness_seconds', { le: '0.01' }, 2],
    ['bgpd_timer_lateness_seconds', { le: '+Inf' }, 3],
    ['bgpd_peer_keepalive_lateness_seconds', { peer: 'rr-1' }, 0.012],
    ['bgpd_peers', { type: 'ebgp', state: 'Established' }, 2],
    ['bgpd_peers', { type: 'ebgp', state: 'Active' }, 1],
    ['bgpd_peers', { type: 'ibgp', state: 'Idle' }, 0],
    ['bgpd_peers_without_series', {}, 0],
    [
      'bgpd_peer_info',
      {
        peer: 'rr-1',
        address: '172.18.203.2',
        asn: '64512',
        type: 'ibgp',
        group: 'reflectors',
        dynamic: 'false',
      },
      1,
    ],
    ['bgpd_peer_state', { peer: 'tor-a' }, 5],
    ['bgpd_peer_state', { peer: 'tor-b' }, 2],
    ['bgpd_peer_established', { peer: 'tor-a' }, 1],
    ['bgpd_peer_established', { peer: 'tor-b' }, 0],
    ['bgpd_peer_enabled', { peer: 'tor-b' }, 1],
    ['bgpd_peer_uptime_seconds', { peer: 'rr-1' }, 72],
    ['bgpd_peer_uptime_seconds', { peer: 'tor-b' }, 0],
    ['bgpd_peer_prefixes_received', { peer: 'tor-a', family: 'ipv4-unicast' }, 1200],
    ['bgpd_peer_prefixes_accepted', { peer: 'tor-a', family: 'ipv4-unicast' }, 1198],
    ['bgpd_peer_prefixes_advertised', { peer: 'tor-c', family: 'ipv6-unicast' }, 3],
    ['bgpd_peer_messages_total', { peer: 'tor-a', type: 'update', direction: 'received' }, 345],
    ['bgpd_peer_messages_total', { peer: 'tor-a', type: 'routeRefresh', direction: 'sent' }, 1],
    ['bgpd_peer_bytes_total', { peer: 'tor-a', direction: 'received' }, 151_234],
    ['bgpd_peer_bytes_total', { peer: 'tor-a', direction: 'sent' }, 117_001],
    ['bgpd_peer_queued_bytes', { peer: 'tor-a' }, 0],
    ['bgpd_peer_flaps_total', { peer: 'tor-a' }, 1],
    ['bgpd_peer_established_total', { peer: 'tor-a' }, 2],
    ['bgpd_peer_policy_missing', { peer: 'tor-c', direction: 'import' }, 1],
    ['bgpd_peer_policy_missing', { peer: 'tor-c', direction: 'export' }, 0],
    ['bgpd_peer_malformed_attributes_total', { peer: 'tor-a', verdict: 'withdraw' }, 2],
    ['bgpd_rib_memory_bytes', { part: 'paths', family: 'ipv4-unicast' }, 2_621_440],
    ['bgpd_rib_memory_bytes', { part: 'attributeBlocks', family: '' }, 65_536],
    ['bgpd_rib_memory_bytes', { part: 'adjRibOut', family: '' }, 526_336],
    ['bgpd_limit', { limit: 'memory' }, 536_870_912],
    ['bgpd_limit_used', { limit: 'paths' }, 105_260],
    ['bgpd_limit_exceeded', { limit: 'paths' }, 1],
    ['bgpd_limit_exceeded', { limit: 'memory' }, 0],
    ['bgpd_peer_loops_total', { peer: 'tor-a', attribute: 'CLUSTER_LIST' }, 1],
    ['bgpd_kernel_synced', {}, 1],
    ['bgpd_workload_routes', {}, 2],
    ['bgpd_kernel_workload_events_total', {}, 31],
    ['bgpd_kernel_overruns_total', {}, 1],
    ['bgpd_kernel_resyncs_total', {}, 2],
    ['bgpd_fib_wanted_routes', {}, 53_208],
    ['bgpd_fib_installed_routes', {}, 53_205],
    ['bgpd_fib_pending_routes', {}, 1],
    ['bgpd_fib_stale_routes', {}, 4],
    ['bgpd_fib_problem_routes', {}, 2],
    ['bgpd_fib_operations_total', { operation: 'add' }, 53_300],
    ['bgpd_fib_operations_total', { operation: 'replace' }, 40],
    ['bgpd_fib_operations_total', { operation: 'remove' }, 95],
    ['bgpd_fib_errors_total', { errno: 'ENETUNREACH' }, 1],
  ];

test('every value of the snapshot appears with its name and labels', async (t) => {
  const exposition = await scrape(
    {},
    {
      timerSlackSeconds: () => 0.004,
      timerLateness: () => ({ bounds: [10], counts: [2], sum: 1005, count: 3 }),
    },
  );
  for (const [name, labels, value] of VALUES) {
    t.is(sampleValue(exposition, name, labels), value, `${name} ${JSON.stringify(labels)}`);
  }
});

test('totals are counters, the rest are gauges and two histograms', async (t) => {
  const exposition = await scrape();
  const ours = [...exposition].filter(([name]) => name.startsWith('bgpd_'));
  t.true(ours.length > 40);
  for (const [name, { type, help }] of ours) {
    const expected = name.endsWith('_total')
      ? 'counter'
      : /(latency|timer_lateness)_seconds$/.test(name)
        ? 'histogram'
        : 'gauge';
    t.is(type, expected, name);
    t.regex(help, /^[A-Z0-9].{15,}\.$/, name);
  }
});

test('the acknowledgement latency is a histogram in seconds', async (t) => {
  const name = 'bgpd_fib_ack_latency_seconds';
  const exposition = await scrape();
  const bounds = labelValues(exposition, name, 'le');
  t.deepEqual(
    exposition
      .get(name)!
      .samples.map((sample, i) => [sample.name.slice(name.length), bounds[i], sample.value]),
    [
      ['_bucket', '0.001', 180],
      ['_bucket', '0.005', 210],
      ['_bucket', '0.025', 219],
      ['_bucket', '0.1', 220],
      ['_bucket', '+Inf', 221],
      ['_sum', undefined, 0.4125],
      ['_count', undefined, 221],
    ],
  );
});

test('a last bound of infinity appears once', async (t) => {
  const latency = { bounds: [1, Number.POSITIVE_INFINITY], counts: [3, 4], sum: 9, count: 4 };
  const kernel = { ...FAKE_KERNEL, counters: { ...FAKE_KERNEL.counters, latency } };
  const { samples } = (await scrape({ overrides: { kernel: () => kernel } })).get(
    'bgpd_fib_ack_latency_seconds',
  )!;
  t.deepEqual(
    samples.map(({ value }) => value),
    [3, 4, 0.009, 4],
  );
});

test('families that are not negotiated have no prefix series', async (t) => {
  const exposition = await scrape();
  t.is(
    sampleValue(exposition, 'bgpd_peer_prefixes_received', { peer: 'tor-c', family: 'ipv4-unicast' }),
    undefined,
  );
  t.is(sampleValue(exposition, 'bgpd_peer_prefixes_received', { peer: 'tor-c', family: 'ipv6-unicast' }), 40);
});

test('iBGP peers have no policy-missing series: RFC 8212 is about eBGP', async (t) => {
  const peers = labelValues(await scrape(), 'bgpd_peer_policy_missing', 'peer');
  t.deepEqual([...new Set(peers)], ['tor-a', 'tor-b', 'tor-c']);
});

test('without a kernel backend there are no kernel samples', async (t) => {
  const exposition = await scrape({ overrides: { kernel: () => null } });
  for (const [name, { samples }] of exposition) {
    if (/^bgpd_(fib|kernel|workload)/.test(name)) t.deepEqual(samples, [], name);
  }
  t.is(sampleValue(exposition, 'bgpd_config_generation'), 3);
});

test('a failed reload shows', async (t) => {
  const summary = fakeSummary();
  const config = { ...summary.config, lastError: 'bgpd.yaml:3: peers[0].asn: missing' };
  const exposition = await scrape({ overrides: { summary: () => ({ ...summary, config }) } });
  t.is(sampleValue(exposition, 'bgpd_config_last_reload_successful'), 0);
});

test('names with quotes, backslashes and line ends survive as label values', async (t) => {
  const name = 'a"b\\c\nd';
  const exposition = await scrape({ peers: [{ ...FAKE_PEERS[0]!, name }] });
  t.is(sampleValue(exposition, 'bgpd_peer_state', { peer: name }), 5);
});

test('the peer budget keeps configured peers and tells how many have no series', async (t) => {
  const peers = manyPeers(10).toReversed();
  const exposition = await scrape({ peers }, { peerBudget: 6 });
  const shown = labelValues(exposition, 'bgpd_peer_state', 'peer');
  t.deepEqual(shown.toSorted(), ['peer-0', 'peer-1', 'peer-2', 'peer-3', 'peer-4', 'peer-9']);
  t.is(sampleValue(exposition, 'bgpd_peers_without_series'), 4);
  t.is(sampleValue(exposition, 'bgpd_peers', { type: 'ebgp', state: 'Established' }), 10);
});

test('long metrics written in pieces lose and double nothing', async (t) => {
  const exposition = await scrape({ peers: manyPeers(450) });
  t.is(exposition.get('bgpd_peer_messages_total')!.samples.length, 4500);
  t.is(exposition.get('bgpd_peer_state')!.samples.length, 450);
});

test('scrapes that overlap share one snapshot, later ones take their own', async (t) => {
  let taken = 0;
  const source = fakeStatus({
    overrides: {
      peers: () => {
        taken++;
        return FAKE_PEERS;
      },
    },
  });
  const metrics = createMetrics(source);
  const [first, second] = await Promise.all([metrics.text(), metrics.text()]);
  t.is(first, second);
  t.is(taken, 1);
  await metrics.text();
  t.is(taken, 2);
  metrics.close();
});

test('a scrape that fails does not spoil the next', async (t) => {
  let broken = true;
  const kernel = () => {
    if (broken) throw new Error('no kernel status');
    return FAKE_KERNEL;
  };
  const metrics = createMetrics(fakeStatus({ overrides: { kernel } }));
  await t.throwsAsync(() => metrics.text(), { message: 'no kernel status' });
  broken = false;
  t.is(sampleValue(parseExposition(await metrics.text()), 'bgpd_workload_routes'), 2);
  metrics.close();
});

function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

const LAG_MAX = ['bgpd_event_loop_lag_max_seconds', 'nodejs_eventloop_lag_max_seconds'] as const;

test.serial('a blocked event loop shows as lag, an idle one does not', async (t) => {
  const metrics = createMetrics(fakeStatus());
  const lags = async () => {
    const exposition = parseExposition(await metrics.text());
    return LAG_MAX.map((name) => sampleValue(exposition, name)!);
  };
  await delay(60);
  await lags();
  block(150);
  await delay(60);
  for (const blocked of await lags()) t.true(blocked > 0.1 && blocked < 2, `${blocked}`);
  await delay(60);
  for (const idle of await lags()) t.true(idle < 0.1, `${idle}`);
  metrics.close();
});

test.serial('the time for which the loop sleeps is no lag', async (t) => {
  const meter = startLoopMeter();
  await delay(300);
  const { min, mean, max, deviation, p50, p90, p99, now } = await meter.read();
  t.true(mean < 0.1, `${mean}`);
  t.true(min <= p50 && p50 <= p90 && p90 <= p99 && p99 <= max * 1.01);
  t.true(deviation >= 0 && now >= 0);
  meter.stop();
});

test('timers that were late are lag, whatever the turns say', async (t) => {
  const metrics = createMetrics(fakeStatus(), { timerSlackSeconds: () => 7 });
  const exposition = parseExposition(await metrics.text());
  for (const name of LAG_MAX) t.is(sampleValue(exposition, name), 7);
  metrics.close();
});

test('the lag of the event loop has the names that dashboards for Node ask for, once each', async (t) => {
  const metrics = createMetrics(fakeStatus());
  const text = await metrics.text();
  metrics.close();
  for (const what of ['', '_min', '_max', '_mean', '_stddev', '_p50', '_p90', '_p99'])
    t.is(text.split(`\nnodejs_eventloop_lag${what}_seconds `).length, 2, what);
});

test('process metrics are there', async (t) => {
  const exposition = await scrape();
  for (const name of [
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
    'nodejs_heap_size_used_bytes',
  ]) {
    t.true(exposition.get(name)!.samples[0]!.value > 0, name);
  }
});

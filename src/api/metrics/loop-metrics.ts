// The metrics of the event loop and of the protocol timers, and those of the loop that dashboards for Node know by name.

import type { LoopLag } from './event-loop.js';
import { histogramSamples, type MetricRow, type Snapshot, single } from './metric-rows.js';

/** Lag of a loop that sleeps shows in no turn of it: a process that is not given a processor sees that its timers are late. */
const worst = ({ loop, timerSlackSeconds }: Snapshot): number => Math.max(loop.max, timerSlackSeconds ?? 0);

const lag = (name: string, help: string, read: (snapshot: Snapshot) => number): MetricRow =>
  single('gauge', name, help, read);

const ofTurns = (key: keyof LoopLag) => (snapshot: Snapshot) => snapshot.loop[key];

const OWN: readonly MetricRow[] = [
  lag(
    'bgpd_event_loop_lag_p50_seconds',
    'Median time of the turns of the event loop since the last scrape: what happens in one waits for its end.',
    ofTurns('p50'),
  ),
  lag(
    'bgpd_event_loop_lag_p99_seconds',
    '99th percentile of the time of the turns of the event loop since the last scrape.',
    ofTurns('p99'),
  ),
  lag(
    'bgpd_event_loop_lag_max_seconds',
    'Largest lag since the last scrape: the longest turn of the event loop or the latest timer.',
    worst,
  ),
];

const TIMER_LATENESS = 'bgpd_timer_lateness_seconds';

const TIMERS: readonly MetricRow[] = [
  single(
    'gauge',
    'bgpd_timer_slack_seconds',
    'How late the protocol timers fired at worst since the last scrape.',
    ({ timerSlackSeconds }) => timerSlackSeconds,
  ),
  {
    name: TIMER_LATENESS,
    help: 'How late the protocol timers fired: the latest of each wake-up.',
    type: 'histogram',
    labelNames: [],
    samples: ({ timerLateness }) =>
      timerLateness === null ? [] : histogramSamples(TIMER_LATENESS, timerLateness),
  },
];

/** Without the interval of a sampling timer, which prom-client's own have in them. */
const NODE: readonly MetricRow[] = [
  lag('nodejs_eventloop_lag_seconds', 'Lag of event loop in seconds.', ofTurns('now')),
  lag('nodejs_eventloop_lag_min_seconds', 'The minimum recorded event loop delay.', ofTurns('min')),
  lag('nodejs_eventloop_lag_max_seconds', 'The maximum recorded event loop delay.', worst),
  lag('nodejs_eventloop_lag_mean_seconds', 'The mean of the recorded event loop delays.', ofTurns('mean')),
  lag(
    'nodejs_eventloop_lag_stddev_seconds',
    'The standard deviation of the recorded event loop delays.',
    ofTurns('deviation'),
  ),
  lag(
    'nodejs_eventloop_lag_p50_seconds',
    'The 50th percentile of the recorded event loop delays.',
    ofTurns('p50'),
  ),
  lag(
    'nodejs_eventloop_lag_p90_seconds',
    'The 90th percentile of the recorded event loop delays.',
    ofTurns('p90'),
  ),
  lag(
    'nodejs_eventloop_lag_p99_seconds',
    'The 99th percentile of the recorded event loop delays.',
    ofTurns('p99'),
  ),
];

export const LOOP_METRICS: readonly MetricRow[] = [...OWN, ...TIMERS, ...NODE];
/** By name, to take others' place. */
export const NODE_LOOP_METRICS: readonly string[] = NODE.map(({ name }) => name);

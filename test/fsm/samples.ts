// Values that the FSM tests share: a configuration, an OPEN, and one event of every kind.

import type { FsmEvent, FsmEventKind, FsmEventOf } from '../../src/fsm/events.js';
import type { SessionConfig } from '../../src/fsm/types.js';
import { cease } from '../../src/wire/notification.js';
import type { Capability, Notification, OpenMessage } from '../../src/wire/types.js';

export const LOCAL_ID = 0x0a000002;
export const LOWER_ID = 0x0a000001;
export const HIGHER_ID = 0x0a000003;

export const CONFIG: SessionConfig = {
  localAsn: 64512,
  routerId: LOCAL_ID,
  peerAsn: 65001,
  families: [0, 1],
  passive: false,
  holdTime: 90,
  keepaliveTime: null,
  connectRetryTime: 30,
  delayOpenTime: 0,
  sendHoldTime: null,
  idleHold: { first: 1, longest: 30, forget: 120 },
  refuseAsSets: true,
  extraCapabilities: [],
};

export const CAPABILITIES: readonly Capability[] = [
  { kind: 'multiprotocol', afi: 1, safi: 1 },
  { kind: 'multiprotocol', afi: 2, safi: 1 },
  { kind: 'routeRefresh' },
  { kind: 'fourOctetAs', asn: 65001 },
];

export const OPEN: OpenMessage = {
  version: 4,
  asn: 65001,
  holdTime: 30,
  routerId: LOWER_ID,
  capabilities: CAPABILITIES,
};

export const SHUTDOWN: Notification = cease(2, 'maintenance');
const HEADER_ERROR: Notification = { code: 1, subcode: 1, data: new Uint8Array(0) };
const OPEN_ERROR: Notification = { code: 2, subcode: 1, data: Uint8Array.of(0, 4) };
const UPDATE_ERROR: Notification = { code: 3, subcode: 1, data: new Uint8Array(0) };

export const EVENTS: { readonly [K in FsmEventKind]: FsmEventOf<K> } = {
  manualStart: { kind: 'manualStart' },
  manualStop: {
    kind: 'manualStop',
    notification: SHUTDOWN,
    reason: { kind: 'adminDown', text: 'maintenance' },
  },
  automaticStart: { kind: 'automaticStart', delay: 250 },
  automaticStop: {
    kind: 'automaticStop',
    notification: SHUTDOWN,
    reason: { kind: 'adminDown', text: 'maintenance' },
  },
  connectRetryTimerExpires: { kind: 'connectRetryTimerExpires' },
  holdTimerExpires: { kind: 'holdTimerExpires' },
  keepaliveTimerExpires: { kind: 'keepaliveTimerExpires' },
  delayOpenTimerExpires: { kind: 'delayOpenTimerExpires' },
  idleHoldTimerExpires: { kind: 'idleHoldTimerExpires' },
  sendHoldTimerExpires: { kind: 'sendHoldTimerExpires' },
  tcpConnectionConfirmed: { kind: 'tcpConnectionConfirmed' },
  tcpConnectionFails: { kind: 'tcpConnectionFails', code: null },
  openReceived: { kind: 'openReceived', open: OPEN },
  headerError: { kind: 'headerError', notification: HEADER_ERROR },
  openError: { kind: 'openError', notification: OPEN_ERROR },
  openCollisionDump: { kind: 'openCollisionDump' },
  notificationReceived: { kind: 'notificationReceived', notification: SHUTDOWN },
  keepaliveReceived: { kind: 'keepaliveReceived' },
  updateReceived: { kind: 'updateReceived' },
  updateError: { kind: 'updateError', notification: UPDATE_ERROR },
  routeRefreshReceived: { kind: 'routeRefreshReceived' },
};

export const ALL_EVENTS: readonly FsmEvent[] = Object.values(EVENTS);

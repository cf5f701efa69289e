// The lifecycle tables of fixtures/fsm: each line is one event and what the peer makes of it.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { parseIpv4 } from '../../src/base/ip.js';
import { type FsmAction, type FsmEvent, ROLES, type Role, type TimerName } from '../../src/fsm/events.js';
import { admission, newPeer, type Peer, type PeerStep, peerState, peerStep } from '../../src/fsm/peer.js';
import { CONFIG, EVENTS, OPEN } from './samples.js';

const folder = resolve(import.meta.dirname, '..', '..', '..', 'fixtures', 'fsm');

interface Story {
  readonly title: string;
  readonly config: Partial<typeof CONFIG>;
  readonly lines: readonly string[];
}

const stories: readonly Story[] = readdirSync(folder)
  .filter((file) => file.endsWith('.story'))
  .flatMap((file) => parseStories(file, readFileSync(join(folder, file), 'utf8')));

function parseStories(file: string, text: string): readonly Story[] {
  return text
    .split(/^story /m)
    .slice(1)
    .map((block) => {
      const [title = '', ...lines] = block.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      const config = lines[0]?.startsWith('config ') ? JSON.parse(lines.shift()!.slice(7)) : {};
      return { title: `${file}: ${title}`, config, lines };
    });
}

/** `active open 10.0.0.1`, `passive timer hold`, `start`: one event in words. */
function parseEvent(words: readonly string[]): FsmEvent {
  const [verb = '', argument = ''] = words;
  const [code = 0, subcode = 0] = argument.split('/').map(Number);
  switch (verb) {
    case 'start':
      return EVENTS.manualStart;
    case 'stop':
      return EVENTS.manualStop;
    case 'connected':
      return EVENTS.tcpConnectionConfirmed;
    case 'fails':
      return { kind: 'tcpConnectionFails', code: argument };
    case 'closed':
      return EVENTS.tcpConnectionFails;
    case 'open':
      return { kind: 'openReceived', open: { ...OPEN, routerId: parseIpv4(argument)! } };
    case 'keepalive':
      return EVENTS.keepaliveReceived;
    case 'update':
      return EVENTS.updateReceived;
    case 'notification':
      return {
        kind: 'notificationReceived',
        notification: { code, subcode, data: new Uint8Array(0) },
      };
    case 'bad-header':
      return EVENTS.headerError;
    case 'timer':
      return { kind: `${argument as TimerName}TimerExpires` };
    default:
      throw new Error(`no event ${verb}`);
  }
}

function actionText(action: FsmAction): string {
  switch (action.kind) {
    case 'startTimer':
      return `${action.timer} in ${action.milliseconds / 1000}s`;
    case 'stopTimer':
      return `no ${action.timer}`;
    case 'notifyAndClose':
      return `notify ${action.notification.code}/${action.notification.subcode} and close`;
    case 'sessionDown':
      return `down (${action.reason.kind})`;
    case 'attemptFailed':
      return `failed in ${action.state} (${action.reason.kind})`;
    default:
      return action.kind;
  }
}

const stepText = ({ peer, batches }: PeerStep): string => {
  const said = batches
    .filter(({ actions }) => actions.length > 0)
    .map(({ role, actions }) => `${role}: ${actions.map(actionText).join(', ')}`);
  return [peerState(peer), ...said].join('; ');
};

function play(story: Story): readonly string[] {
  let peer: Peer = newPeer({ ...CONFIG, ...story.config });
  let now = 0;
  return story.lines.map((line) => {
    const [event = ''] = line.split(' => ');
    const words = event.trim().split(' ');
    if (words[0] === 'wait') {
      now += Number(words[1]) * 1000;
      return event;
    }
    if (words[0] === 'knock') return `${event} => ${admission(peer).kind}`;
    const role: Role = ROLES.find((name) => name === words[0]) ?? 'active';
    const next = peerStep(peer, role, parseEvent(words[0] === role ? words.slice(1) : words), now);
    peer = next.peer;
    return `${event} => ${stepText(next)}`;
  });
}

test('there are stories', (t) => {
  t.true(stories.length >= 12);
});

for (const story of stories) {
  test(story.title, (t) => {
    t.deepEqual(play(story), story.lines);
  });
}

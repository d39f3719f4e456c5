// What sessions live through, each as a small story: what is there before, what happens while calls fail,
// and who is in the room afterwards.
import assert from 'node:assert/strict';
import { randomId } from '../../../../client/sdk/session/ids.ts';
import { until } from '../../process/until.ts';
import type { StubbornClient } from '../stubborn-client.ts';
import type { FaultLane } from './fault-lane.ts';

/** Ada, to whom it happens, and Ben, who is a host. */
export interface Scene {
  readonly lane: FaultLane;
  readonly ada: StubbornClient;
  readonly ben: StubbornClient;
}

export interface Lifecycle {
  readonly name: string;
  /** Which process the failing calls are those of. */
  readonly of: 'web' | 'node';
  /** The replica that each is at first: the one that fails is `web`. Without it: Ada there, Ben not. */
  readonly adaAt?: 'web' | 'healthy';
  readonly benAt?: 'web' | 'healthy';
  /** The process that ends with it. */
  readonly ends?: 'web' | 'node';
  /** Ada has not joined before. */
  readonly joins?: true;
  /** Ben comes after Ada. */
  readonly isFirst?: true;
  /** Ada is not in the room afterwards. */
  readonly adaLeaves?: true;
  /** How often `web` looks after the media nodes. */
  readonly watches?: true;
  run(scene: Scene): Promise<void>;
}

const only = (ids: Iterable<string>): string => {
  const [id] = ids;
  assert.ok(id);
  return id;
};

/** How long a drain of `web` may take. */
const WITHIN_DRAIN_MS = 3_000;

/** What the old socket does while the session is resumed on another one. */
const OLD_SOCKETS = {
  silent: () => {},
  speaking: ({ ada }: Scene) => {
    ada.client.ask('chat', { id: randomId(), text: 'still here' }).catch(() => {});
  },
  closing: ({ ada }: Scene) => ada.client.socket.terminate(),
} as const;

function resumes(where: 'the same' | 'another'): Lifecycle[] {
  return Object.entries(OLD_SOCKETS).map(([how, old]) => ({
    name: `resume at ${where} replica, old socket ${how}`,
    of: 'web',
    adaAt: where === 'the same' ? 'web' : 'healthy',
    run: async (scene) => {
      old(scene);
      await scene.ada.resumeAt(scene.lane.web.it.signalingUrl);
    },
  }));
}

/** The calls of the replica that is left are those that fail. */
const LEFT: readonly Lifecycle[] = Object.entries(OLD_SOCKETS).map(([how, old]) => ({
  name: `resume elsewhere, calls of the replica that is left, old socket ${how}`,
  of: 'web',
  run: async (scene) => {
    old(scene);
    await scene.ada.resumeAt(scene.lane.healthy.signalingUrl);
  },
}));

export const LIFECYCLES: readonly Lifecycle[] = [
  { name: 'join', of: 'web', joins: true, run: ({ ada }) => ada.join() },
  {
    name: 'publish',
    of: 'web',
    run: async ({ ada }) => void (await ada.publish()),
  },
  {
    name: 'mute',
    of: 'web',
    run: ({ ada }) => ada.mute(only(ada.tracks.keys()), true),
  },
  {
    name: 'unpublish',
    of: 'web',
    run: ({ ada }) => ada.unpublish(only(ada.tracks.keys())),
  },
  {
    name: 'mute by a host of another replica',
    of: 'web',
    run: ({ ada, ben }) => hostMutes(ada, ben),
  },
  {
    name: 'mute by a host',
    of: 'web',
    adaAt: 'healthy',
    benAt: 'web',
    run: ({ ada, ben }) => hostMutes(ada, ben),
  },
  ...resumes('the same'),
  ...resumes('another'),
  ...LEFT,
  { name: 'rebuild of media', of: 'web', run: ({ ada }) => ada.rebuild() },
  { name: 'leave', of: 'web', adaLeaves: true, run: ({ ada }) => ada.leave() },
  {
    name: 'a socket that does not come back',
    of: 'web',
    adaLeaves: true,
    run: ({ ada }) => ada.client.drop(),
  },
  {
    name: 'remove by a host',
    of: 'web',
    adaAt: 'healthy',
    benAt: 'web',
    adaLeaves: true,
    run: removes,
  },
  { name: 'remove by a host of another replica', of: 'web', adaLeaves: true, run: removes },
  {
    name: 'drain of web',
    of: 'web',
    ends: 'web',
    run: async ({ lane, ada }) => {
      const { it } = lane.web;
      const ended = it.drain(WITHIN_DRAIN_MS).then(() => it.close());
      await ada.client.closing();
      await ada.settle();
      await ended;
    },
  },
  {
    name: 'drain of web as a join is under way',
    of: 'web',
    ends: 'web',
    joins: true,
    run: (scene) => drainsDuring(scene, scene.ada.join()),
  },
  {
    name: 'drain of web as a resume is under way',
    of: 'web',
    ends: 'web',
    adaAt: 'healthy',
    run: (scene) => drainsDuring(scene, scene.ada.resumeAt(scene.lane.web.it.signalingUrl)),
  },
  {
    name: 'shutdown of web',
    of: 'web',
    ends: 'web',
    run: async ({ lane, ada }) => {
      const ended = lane.web.it.close();
      await ada.client.closing();
      await ada.settle();
      await ended;
    },
  },
  {
    name: 'first join in a room, calls of sfu-rtc',
    of: 'node',
    joins: true,
    isFirst: true,
    run: ({ ada }) => ada.join(),
  },
  { name: 'join, calls of sfu-rtc', of: 'node', joins: true, run: ({ ada }) => ada.join() },
  {
    name: 'publish, calls of sfu-rtc',
    of: 'node',
    run: async ({ ada }) => void (await ada.publish()),
  },
  {
    name: 'mute, calls of sfu-rtc',
    of: 'node',
    run: ({ ada }) => ada.mute(only(ada.tracks.keys()), true),
  },
  {
    name: 'leave, calls of sfu-rtc',
    of: 'node',
    adaLeaves: true,
    run: ({ ada }) => ada.leave(),
  },
  { name: 'move', of: 'web', ends: 'node', watches: true, run: drainsNode },
  { name: 'drain of sfu-rtc', of: 'node', ends: 'node', watches: true, run: drainsNode },
  {
    name: 'shutdown of sfu-rtc',
    of: 'node',
    ends: 'node',
    watches: true,
    run: async ({ lane }) => {
      const before = await lane.addNode();
      await before.it.node.close();
    },
  },
];

async function drainsDuring({ lane }: Scene, entering: Promise<void>): Promise<void> {
  const { it, faults } = lane.web;
  // It is awaited below, when the replica has ended.
  entering.catch(() => {});
  const isAtWork = () => assert.ok(faults.calls.length > 0);
  await until('the replica to be at work on it', isAtWork, { everyMs: 0 });
  await it.drain(WITHIN_DRAIN_MS).then(() => it.close());
  await entering;
}

async function hostMutes(ada: StubbornClient, ben: StubbornClient): Promise<void> {
  const trackId = only(ada.tracks.keys());
  await ben.muteOther(trackId);
  ada.heardMute(trackId);
}

async function removes({ ada, ben }: Scene): Promise<void> {
  await ben.remove(ada.participantId);
}

/** Ada and Ben are moved to another node; the one of before ends then, as after SIGTERM. */
async function drainsNode({ lane, ada, ben }: Scene): Promise<void> {
  const { it } = await lane.addNode();
  let drained = false;
  void it.node.drained.then(() => {
    drained = true;
  });
  it.node.drain();
  await until(
    'the node to be drained',
    async () => {
      await Promise.all([ada.settle(), ben.settle()]);
      assert.ok(drained, 'somebody is on the node');
    },
    { everyMs: 20 },
  );
  await it.node.close();
}

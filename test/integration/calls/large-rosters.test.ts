// A room of which clients know a part: who is named, what is told of the others, pages by name, and coming back.
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import type {
  EventName,
  JoinResult,
  MethodParams,
  MethodResult,
} from '../../../shared/protocol/protocol.ts';
import type { RoomSnapshot, TrackSource } from '../../../shared/room/room.ts';
import { RedisServer } from '../../support/cluster/redis.ts';
import { freshPrefix, openRedis } from '../../support/cluster/redis-cluster.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const FEATURES = ['patches', 'packed', 'roster'];
/** Four pictures are on the stage: one, one more for each kind of one's own, and a share. */
const LIMITS = {
  WHOLE_ROSTER_UP_TO: '6',
  EVERY_VOICE_UP_TO: '0',
  VOICES: '1',
  READY_VOICES: '0',
  PICTURES: '1',
};
const ROOM_EVENTS: readonly EventName[] = ['patch', 'patches', 'roster', 'room'];

const redis = await RedisServer.start();
after(() => redis.stop());

interface Member {
  readonly client: RawClient;
  readonly session: JoinResult;
  readonly url: string;
}

class Scene {
  readonly #t: TestContext;
  readonly urls: readonly string[];

  constructor(t: TestContext, urls: readonly string[]) {
    this.#t = t;
    this.urls = urls;
  }

  async join(
    name: string,
    {
      features = FEATURES,
      share = [],
      replica = 0,
    }: {
      features?: string[];
      share?: readonly TrackSource[];
      replica?: number;
    } = {},
  ): Promise<Member> {
    const url = this.urls[replica] ?? assert.fail('no such replica');
    const client = await RawClient.open(this.#t, url);
    const session = await client.join('hall', { name, features });
    for (const source of share) {
      await client.request('publish', publication(session.media.epoch, { source }));
    }
    return { client, session, url };
  }

  async resume(
    { session: { participantId, resumeSecret } }: Member,
    version: number,
    { url, features }: { url: string; features: string[] },
  ): Promise<[RawClient, MethodResult<'resume'>]> {
    const client = await RawClient.open(this.#t, url);
    const rtpCapabilities = ROUTER_RTP_CAPABILITIES;
    const params: MethodParams<'resume'> = {
      ...{ room: 'hall', participantId, resumeSecret, version, rtpCapabilities, features },
    };
    return [client, await client.request('resume', params)];
  }
}

const names = ({ participants }: Pick<RoomSnapshot, 'participants'>) =>
  participants.map(({ name }) => name);

function roomEvents({ client }: Member): number {
  return client.heard.filter(({ event }) => ROOM_EVENTS.includes(event)).length;
}

/** Nine in the audience, and one of them has a microphone. */
async function hall(scene: Scene): Promise<Member[]> {
  const members: Member[] = [];
  for (const name of ['Ada', 'Ben', 'Çelik', 'Dan', 'Eve', 'Fay', 'Gus', 'Hal', 'Ida']) {
    members.push(await scene.join(name));
  }
  return members;
}

const STORES = {
  memory: async (t: TestContext, web: number, env = {}) => {
    const replicas = await startReplicas(t, { web }, { ...LIMITS, ...env });
    return new Scene(
      t,
      replicas.web.map(({ signalingUrl }) => signalingUrl),
    );
  },
  redis: async (t: TestContext, web: number, env = {}) => {
    const cluster = await openRedis(redis.url, { keyPrefix: freshPrefix(), patchHistory: 100 });
    const replicas = await startReplicas(t, { web: 0 }, { ...LIMITS, ...env });
    const urls: string[] = [];
    for (let n = 0; n < web; n++) {
      const replica = await replicas.addWeb((memory) => ({ ...memory, rooms: cluster.rooms }));
      urls.push(replica.signalingUrl);
    }
    t.after(() => cluster.close());
    return new Scene(t, urls);
  },
};

for (const [store, start] of Object.entries(STORES)) {
  test(`${store}: the answer of a join has the stage, oneself and the number of all`, async (t) => {
    const scene = await start(t, 2);
    await scene.join('Screen', { share: ['screen'] });
    await hall(scene);
    for (const replica of [0, 1]) {
      const { session } = await scene.join('Late', { replica });
      assert.deepEqual(names(session.snapshot), ['Screen', 'Late']);
      assert.deepEqual([session.snapshot.count, session.snapshot.pictured], [11 + replica, 1]);
      assert.deepEqual(
        session.snapshot.tracks.map(({ source }) => source),
        ['screen'],
      );
    }
  });

  test(`${store}: a client that does not know of parts is sent everybody, and every change`, async (t) => {
    const scene = await start(t, 1);
    await hall(scene);
    const old = await scene.join('Old', { features: [] });
    assert.equal(old.session.snapshot.participants.length, 10);
    assert.equal(old.session.snapshot.count, undefined);
    const late = await scene.join('Late');
    await old.client.event('patch', ({ ops }) =>
      ops.some((op) => op.op === 'join' && op.participant.id === late.session.participantId),
    );
    assert.deepEqual(old.client.events('roster'), []);
  });

  test(`${store}: who comes, mutes and goes in the audience is sent to nobody; the ping says how many there are`, async (t) => {
    const scene = await start(t, 2);
    const [ada, ...others] = (await hall(scene)) as [Member, ...Member[]];
    const late = await scene.join('Late', { replica: 1 });
    const before = others.map(roomEvents);
    await late.client.request('leave', {});
    await until('the ping to say so', async () =>
      assert.deepEqual(await ada.client.request('ping', {}), { count: 9, pictured: 0 }),
    );
    assert.deepEqual(others.map(roomEvents), before);
  });

  test(`${store}: participants come in pages, by name, and those on the last ones are followed`, async (t) => {
    const scene = await start(t, 2);
    const [ada, ben] = (await hall(scene)) as [Member, Member];
    const find = (query: Partial<MethodParams<'participants'>>) =>
      ada.client.request('participants', { offset: 0, limit: 100, ...query });
    const all = await find({});
    assert.deepEqual(names(all), ['Ada', 'Ben', 'Çelik', 'Dan', 'Eve', 'Fay', 'Gus', 'Hal', 'Ida']);
    assert.equal(all.total, 9);
    assert.deepEqual(names(await find({ offset: 2, limit: 2 })), ['Çelik', 'Dan']);
    assert.deepEqual(names(await find({ search: 'CEL' })), ['Çelik']);
    assert.deepEqual(await find({ search: 'nobody' }).then(({ total }) => total), 0);
    assert.deepEqual(names(await find({ with: 'pictures' })), []);

    await find({ search: 'ben' });
    await ben.client.request('leave', {});
    const left = await ada.client.event('roster', ({ ops }) =>
      ops.some(({ op }) => op === 'leave'),
    );
    assert.equal(left.count, 8);
  });

  test(`${store}: who resumes in a large room is sent the part anew, at any replica`, async (t) => {
    const scene = await start(t, 2);
    const screen = await scene.join('Screen', { share: ['screen'] });
    const [ada, ben] = (await hall(scene)) as [Member, Member];
    const old = { url: ada.url, features: [] };
    await ada.client.drop();
    await ben.client.drop();
    await screen.client.request('chat', { id: 'message-of-the-screen', text: 'missed' });
    for (const url of scene.urls) {
      const [client, answer] = await scene.resume(ada, 1, { url, features: FEATURES });
      assert.equal(answer.patches, null);
      assert.deepEqual(answer.snapshot && names(answer.snapshot), ['Screen', 'Ada']);
      assert.equal(answer.snapshot?.count, 10);
      assert.equal(answer.snapshot?.chat.length, 1);
      await client.drop();
    }
    const { version } = screen.session.snapshot;
    const [, patches] = await scene.resume(ben, version, old);
    assert.equal(patches.snapshot, null);
    assert.ok(patches.patches?.some(({ ops }) => ops.some(({ op }) => op === 'chat')));
  });

  test(`${store}: a room that grows is cut down to a part, and one that shrinks is whole again`, async (t) => {
    const scene = await start(t, 1);
    const first = await scene.join('First');
    const others: Member[] = [];
    for (let n = 0; n < 6; n++) others.push(await scene.join(`Other ${n}`));
    const cut = await first.client.event('room', ({ snapshot }) => snapshot.count !== undefined);
    assert.deepEqual(names(cut.snapshot), ['First']);
    assert.equal(cut.snapshot.count, 7);
    // At six again it stays a large one: it would change with each who comes and goes.
    for (const { client } of others.slice(0, 3)) await client.request('leave', {});
    const whole = await first.client.event('room', ({ snapshot }) => snapshot.count === undefined);
    assert.deepEqual(names(whole.snapshot), ['First', 'Other 3', 'Other 4', 'Other 5']);
    const late = await scene.join('Late');
    await first.client.event('patch', ({ ops }) =>
      ops.some((op) => op.op === 'join' && op.participant.id === late.session.participantId),
    );
  });
}

test('pages have a length and a rate, and each refusal has its code', async (t) => {
  const scene = await STORES.memory(t, 1, { LISTS_PER_MINUTE: '3' });
  const { client } = await scene.join('Ada');
  const find = (query: object) => client.outcome('participants', { offset: 0, limit: 1, ...query });
  assert.equal(await find({ limit: 101 }), 'bad_message');
  assert.equal(await find({ offset: -1 }), 'bad_message');
  assert.equal(await find({ search: 'x'.repeat(65) }), 'bad_message');
  assert.deepEqual(
    [await find({ limit: 100 }), await find({ limit: 0 }), await find({}), await find({})],
    ['ok', 'ok', 'ok', 'rate_limited'],
  );
});

test('a gap is mended: the room that is asked for then is a part, too', async (t) => {
  const scene = await STORES.memory(t, 1);
  const [ada] = (await hall(scene)) as [Member];
  const snapshot = await ada.client.request('snapshot', {});
  assert.deepEqual([names(snapshot), snapshot.count], [['Ada'], 9]);
});

test('whoever begins to speak is known by name, and heard, by everybody on two nodes', async (t) => {
  const { web } = await startReplicas(
    t,
    { web: 2, nodes: 2 },
    { ...LIMITS, WHOLE_ROSTER_UP_TO: '2', SPILL_SESSIONS_PER_WORKER: '2' },
  );
  const crowd: Person[] = [];
  for (const [index, name] of ['Ada', 'Ben', 'Cy', 'Dan', 'Eve'].entries()) {
    const person = await Person.join(t, web[index % 2]!.url, 'hall', name, {
      share: ['microphone'],
    });
    person.speaks(false);
    crowd.push(person);
  }
  for (const { call } of crowd) await until('the count', () => assert.equal(call.count, 5));
  for (const speaker of crowd) {
    speaker.speaks(true);
    const others = crowd.filter((person) => person !== speaker);
    await Promise.all(others.map((person) => person.hears(speaker)));
    for (const { call } of others) assert.ok(names(call.room).includes(speaker.name));
    speaker.speaks(false);
  }
  assert.deepEqual(
    crowd.flatMap(({ problems }) => problems),
    [],
  );
});

test('the SDK finds participants of a large room, and sees the pictures of those it finds', async (t) => {
  const { web } = await startReplicas(t, { web: 1 }, { ...LIMITS, WHOLE_ROSTER_UP_TO: '2' });
  const crowd: Person[] = [];
  for (const name of ['Ada', 'Ben', 'Cy', 'Dan', 'Eve', 'Fay', 'Gus']) {
    crowd.push(await Person.join(t, web[0]!.url, 'hall', name, { share: ['camera'] }));
  }
  const [ada] = crowd as [Person];
  const gus = crowd.at(-1)!;
  ada.call.hideOthers();
  await until('all cameras to be there', async () =>
    assert.equal((await ada.call.findParticipants({ with: 'pictures', limit: 0 })).total, 7),
  );
  assert.ok(!names(ada.call.room).includes('Gus'), 'there is no need to look for him');
  const { participants, tracks, total } = await ada.call.findParticipants({ search: 'gus' });
  assert.deepEqual([names({ participants: [...participants] }), total], [['Gus'], 1]);
  ada.call.subscribe(tracks[0]!.id, { paused: false });
  await ada.sees(gus);
  gus.call.leave();
  await until('Gus to be gone', () => assert.ok(!names(ada.call.room).includes('Gus')));
  const rest = await ada.call.findParticipants({ with: 'pictures', limit: 2 });
  assert.deepEqual([rest.participants.length, rest.total], [2, 6]);
});

// Whoever was removed by a host is not back at once with what let them in.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SignJWT } from 'jose';
import { RoomTokens } from '../../../server/api/tokens.ts';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { RawClient } from '../../support/server/client.ts';

const AUTH_TOKEN = 'the-operator-of-this-test';
const SECRET = '4f1c0a93be7d42568a1ce07f95bd3418e2760fd9ab8c4e135f6a7d90e1b2c347';

/** A host in a room with tokens, over two replicas. */
async function hosted(t: TestContext) {
  const env = { AUTH_TOKEN, API_KEYS: `app:${SECRET}` };
  const { web, cluster } = await startReplicas(t, { web: 2 }, env);
  const tokens = new RoomTokens({
    authToken: AUTH_TOKEN,
    apiKeys: [{ id: 'app', secret: SECRET }],
    rejoinTtlSeconds: 600,
    secrets: cluster.secrets,
  });
  const link = async (role: 'host' | 'guest' = 'guest') =>
    (await tokens.mint({ room: 'team', role }, 600)).token;
  const host = await RawClient.open(t, web[0]!.signalingUrl);
  await host.join('team', { name: 'Host', token: await link('host') });
  const enter = async (shown: Partial<MethodParams<'join'>>) => {
    const client = await RawClient.open(t, web[1]!.signalingUrl);
    return { client, joined: await client.join('team', { name: 'Ada', ...shown }) };
  };
  const remove = async ({ client, joined }: Awaited<ReturnType<typeof enter>>) => {
    await host.request('remove', { participantId: joined.participantId });
    await client.event('bye', ({ error }) => error.code === 'removed');
    await client.closed;
  };
  return { web, link, enter, remove };
}

const ENDED = { code: 'invitation_ended' };

test('the link and the rejoin token of a removed participant bring nobody back', async (t) => {
  const { web, link, enter, remove } = await hosted(t);
  const token = await link();
  const ada = await enter({ token });
  const rejoinToken = ada.joined.rejoin?.token;
  assert.ok(rejoinToken);
  await remove(ada);
  await assert.rejects(enter({ token }), ENDED);
  await assert.rejects(enter({ rejoinToken }), ENDED);
  await assert.rejects(enter({ token, rejoinToken }), ENDED);
  const back = await RawClient.open(t, web[1]!.signalingUrl);
  await assert.rejects(back.resume('team', ada.joined, 1), { code: 'session_lost' });
  // Another invitation is another decision of the host.
  await enter({ token: await link() });
});

test('a participant who came back by a rejoin token and was removed does not by the link', async (t) => {
  const { link, enter, remove } = await hosted(t);
  const token = await link();
  const first = await enter({ token });
  await first.client.request('leave', {});
  const rejoinToken = first.joined.rejoin?.token;
  assert.ok(rejoinToken);
  const second = await enter({ rejoinToken });
  await remove(second);
  const newest = second.joined.rejoin?.token;
  assert.ok(newest);
  await assert.rejects(enter({ token }), ENDED);
  await assert.rejects(enter({ rejoinToken }), ENDED);
  await assert.rejects(enter({ rejoinToken: newest }), ENDED);
});

test('whoever shares the link of a removed participant and was in the call comes back', async (t) => {
  const { link, enter, remove } = await hosted(t);
  const token = await link();
  const [ada, ben] = [await enter({ token }), await enter({ token, name: 'Ben' })];
  await remove(ada);
  await ben.client.drop();
  const rejoinToken = ben.joined.rejoin?.token;
  assert.ok(rejoinToken);
  await enter({ token, rejoinToken, name: 'Ben' });
});

test('a person whom an application names does not come back with another token of theirs', async (t) => {
  const { enter, remove } = await hosted(t);
  const sign = (sub: string) =>
    new SignJWT({ room: 'team', role: 'guest' })
      .setProtectedHeader({ alg: 'HS256', kid: 'app' })
      .setAudience('parley:room')
      .setSubject(sub)
      .setExpirationTime('10m')
      .sign(new TextEncoder().encode(SECRET));
  await remove(await enter({ token: await sign('ada') }));
  await assert.rejects(enter({ token: await sign('ada') }), ENDED);
  await enter({ token: await sign('ben') });
});

test('the resume secret of a removed participant is worth nothing in an open room either', async (t) => {
  const { web, cluster } = await startReplicas(t, { web: 1 });
  const url = web[0]!.signalingUrl;
  const [ada, ben] = [await RawClient.open(t, url), await RawClient.open(t, url)];
  const joined = await ada.join('team', { name: 'Ada' });
  const { participantId } = await ben.join('team', { name: 'Ben' });
  // Open rooms have no hosts; an operator's tool may be one.
  const guard = { participantId: 'the-operator', fence: 1 };
  const host = {
    id: guard.participantId,
    name: 'Host',
    role: 'host',
    joinedAt: 1,
    online: true,
  } as const;
  await cluster.rooms.admit('team', { participant: host, resumeHash: '', maxParticipants: 9 });
  const op = { op: 'leave', participantId: joined.participantId } as const;
  await cluster.rooms.commit('team', guard, [op], { tracksPerParticipant: 8 });
  await ada.closed;
  const back = await RawClient.open(t, url);
  await assert.rejects(back.resume('team', joined, 1), { code: 'session_lost' });
  const snapshot = await ben.request('snapshot', {});
  assert.ok(snapshot.participants.some(({ id }) => id === participantId));
});

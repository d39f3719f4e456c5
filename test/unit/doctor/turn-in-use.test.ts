// Which TURN servers the doctor tries: those that participants get.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TurnServer } from '../../../server/cluster/turn.ts';
import { loadConfig } from '../../../server/config/config.ts';
import {
  noTurnServer,
  overriddenBy,
  turnInUse,
} from '../../../server/doctor/checks/turn-in-use.ts';
import { turnServerOf } from '../../../server/turn/pool/environment.ts';

const config = loadConfig({
  TURN_HOST: 'one.example.org',
  TURN_SHARED_SECRET: 'of-the-environment',
  TURN_URLS: 'turn:two.example.org',
  TURN_USERNAME: 'user',
  TURN_PASSWORD: 'of-the-environment',
  TURN_POOL:
    '[{"id": "three", "urls": ["turn:three.example.org"], "secret": "of-the-environment"}]',
});
const inStore = (id: string, origin: TurnServer['origin']): TurnServer =>
  turnServerOf({ id, urls: [`turn:${id}`], secret: 'of-the-store' }, origin, 600);
const secretOf = ({ auth }: TurnServer) => (auth.kind === 'secret' ? auth.secret : auth.password);

test('what an operator put under an id of the environment is what is tried', () => {
  const { servers, overridden, sourceOf } = turnInUse(config, [
    inStore('one.example.org:3478', 'operator'),
    // The process that has it may have started before this environment was changed.
    inStore('three', 'environment'),
    inStore('four', 'operator'),
    inStore('five', 'environment'),
  ]);
  assert.deepEqual(
    servers.map((server) => [server.id, secretOf(server), sourceOf(server)]),
    [
      ['one.example.org:3478', 'of-the-store', 'operator'],
      ['two.example.org:3478', 'of-the-environment', 'variables'],
      ['three', 'of-the-environment', 'pool'],
      ['four', 'of-the-store', 'operator'],
      ['five', 'of-the-store', 'elsewhere'],
    ],
  );
  assert.deepEqual(overridden, ['one.example.org:3478']);
  const { state, cause, remedy } = overriddenBy('one.example.org:3478');
  assert.deepEqual([state, cause], ['warning', 'overridden']);
  assert.match(remedy ?? '', /parley turn remove one\.example\.org:3478/);
});

test('without the store, the environment alone is tried', () => {
  const { servers, overridden } = turnInUse(config, []);
  assert.deepEqual([servers.length, overridden], [3, []]);
});

test('that there is no TURN server is said only where that is known', () => {
  assert.match(noTurnServer('read').detail, /No TURN server is configured/);
  assert.match(noTurnServer('none').detail, /added to a running `npm start` is at \/admin/);
  assert.match(noTurnServer('unread').detail, /cannot be read/);
});

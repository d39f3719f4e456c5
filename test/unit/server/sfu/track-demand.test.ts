// What is wanted of a track on a router, and what its sender is told: the most that anybody wants, each change once.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { BROUGHT } from '../../../../server/room/demand.ts';
import { SenderDemand } from '../../../../server/sfu/endpoints/sender-demand.ts';
import { TrackDemand } from '../../../../server/sfu/rooms/track-demand.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { type Demand, EVERY_LAYER, NO_LAYER } from '../../../../shared/protocol/media-messages.ts';
import { until } from '../../../support/process/until.ts';

class Producer {
  readonly observer = new EventEmitter();
  readonly id: string;
  closed = false;

  constructor(id: string) {
    this.id = id;
  }

  close(): void {
    this.closed = true;
    this.observer.emit('close');
  }
}

test('the most that a participant or a pipe wants counts; a pipe that wants less is believed at once', async () => {
  const resources = new Resources();
  const demand = new TrackDemand(resources);
  const changes: number[] = [];
  demand.onChange((now) => changes.push(now));
  const participant = demand.use(0, 'participant');
  await until('it to fall', () => assert.deepEqual(changes, [0]));
  const pipe = demand.use(2, 'pipe');
  pipe.want(1);
  participant.want(2);
  assert.deepEqual(changes, [0, 2, 1, 2]);
  participant.end();
  participant.end();
  participant.want(EVERY_LAYER);
  await until('it to fall again', () => assert.deepEqual(changes, [0, 2, 1, 2, 1]));
  pipe.end();
  assert.equal(demand.current, NO_LAYER);
  assert.equal(resources.counts().timer, 0);
  demand.close();
});

test('a picture from elsewhere is asked for as far as it is wanted, and no further', () => {
  const demand = new TrackDemand(new Resources(), BROUGHT);
  const changes: number[] = [];
  demand.onChange((now) => changes.push(now));
  assert.equal(demand.current, NO_LAYER);
  demand.use(NO_LAYER, 'participant');
  demand.use(1, 'participant');
  assert.deepEqual(changes, [1]);
  demand.close();
});

test('a track that is closed while its demand falls leaves no timer', () => {
  const resources = new Resources();
  const demand = new TrackDemand(resources);
  demand.use(1, 'participant').end();
  assert.equal(resources.counts().timer, 1);
  demand.close();
  assert.equal(resources.counts().timer, 0);
});

test('a sender is told of a track once, though it has two producers for a moment', async () => {
  const resources = new Resources();
  const told: Demand[] = [];
  const sender = new SenderDemand((demand) => told.push(demand));
  sender.understoodBy(true);
  const first = new TrackDemand(resources);
  const [older, newer] = [new Producer('camera.1'), new Producer('camera.1.1')];
  sender.follow('camera', 'camera', older, first);
  await until('it to be told', () =>
    assert.deepEqual(told, [{ version: 1, layers: { camera: NO_LAYER } }]),
  );
  const second = new TrackDemand(resources);
  sender.follow('camera', 'camera', newer, second);
  assert.deepEqual(told.at(-1), { version: 2, layers: {} });
  const use = second.use(1, 'participant');
  await until('the higher of both', () => assert.deepEqual(told.at(-1)?.layers, { camera: 1 }));
  older.close();
  assert.equal(told.length, 3);
  use.want(NO_LAYER);
  newer.close();
  assert.deepEqual(told.at(-1), { version: 4, layers: {} });
  sender.understoodBy(false);
  assert.equal(sender.state, undefined);
  for (const demand of [first, second]) demand.close();
});

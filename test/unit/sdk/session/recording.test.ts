// The requests that a participant makes for the recording of a call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Request } from '../../../../client/sdk/media/media-session.ts';
import { RecordingControl } from '../../../../client/sdk/session/recording.ts';
import { RoomView } from '../../../../client/sdk/session/room-view.ts';
import { emptyRoom } from '../../../../shared/room/room.ts';

const ID = '20261128T184512Z-h7q2m9x4kd';

function control(isRunning: boolean) {
  const view = new RoomView('blue');
  const running = { id: ID, startedAt: 1, startedBy: null, paused: false };
  view.adopt({ ...emptyRoom('blue'), ...(isRunning && { recordings: [running] }) });
  const asked: [method: string, params: unknown][] = [];
  const request = (async (method: string, params: unknown) => {
    asked.push([method, params]);
    return { token: 't', expiresAt: 5 };
  }) as Request;
  return { recording: new RecordingControl(view, request), asked };
}

test('without a recording it can be started, and there is nothing to stop', async () => {
  const { recording, asked } = control(false);
  assert.equal(recording.running, undefined);
  assert.equal(recording.terms, undefined);
  await recording.start();
  await recording.stop();
  await assert.rejects(recording.setPaused(true), { code: 'not_recording' });
  assert.deepEqual(asked, [['startRecording', {}]]);
});

test('the one that runs is paused and stopped by its id', async () => {
  const { recording, asked } = control(true);
  assert.equal(recording.running?.id, ID);
  await recording.setPaused(true);
  await recording.setPaused(false);
  await recording.stop();
  assert.deepEqual(asked, [
    ['pauseRecording', { recordingId: ID, paused: true }],
    ['pauseRecording', { recordingId: ID, paused: false }],
    ['stopRecording', { recordingId: ID }],
  ]);
});

test('consent is said, and access asked for', async () => {
  const { recording, asked } = control(true);
  await recording.setConsent(false);
  assert.deepEqual(await recording.access(), { token: 't', expiresAt: 5 });
  assert.deepEqual(asked, [
    ['consent', { consent: false }],
    ['recordingAccess', {}],
  ]);
});

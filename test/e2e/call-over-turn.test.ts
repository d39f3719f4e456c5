// Three people whose media may only travel through a TURN server, a real coturn (RFC 8656).
import assert from 'node:assert/strict';
import { callOfThree } from '../support/call-of-three.ts';
import type { CandidatePair } from '../support/rtc-stats.ts';
import { story } from '../support/scene.ts';

function isRelayed({ local, bytesReceived }: CandidatePair): void {
  assert.equal(local.candidateType, 'relay');
  assert.ok(bytesReceived > 0, 'nothing arrived through the relay');
}

story('three people talk through a relay, with credentials minted for each', async (scene) => {
  const coturn = await scene.coturn('secret');
  const parley = await scene.parley(coturn.env);
  await callOfThree(scene, parley.room('blue', { relay: true }), isRelayed);
});

story('three people talk through a relay, with one fixed password', async (scene) => {
  const coturn = await scene.coturn('static');
  const parley = await scene.parley(coturn.env);
  await callOfThree(scene, parley.room('blue', { relay: true }), isRelayed);
});

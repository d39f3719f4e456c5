// Three people in a call as most have it: media straight to the server over UDP.
import assert from 'node:assert/strict';
import { callOfThree } from '../../support/browser/call-of-three.ts';
import { story } from '../../support/browser/scene.ts';

story('three people talk over UDP', async (scene) => {
  const parley = await scene.parley();
  await callOfThree(scene, parley.room('blue'), ({ local, remote }) => {
    assert.equal(local.protocol, 'udp');
    assert.notEqual(local.candidateType, 'relay');
    assert.equal(remote.protocol, 'udp');
  });
});

// Three people behind networks that block UDP: media straight to the server over TCP (RFC 6544).
import assert from 'node:assert/strict';
import { callOfThree } from '../../support/browser/call-of-three.ts';
import { story } from '../../support/browser/scene.ts';

story('three people talk over ICE-TCP alone', async (scene) => {
  const parley = await scene.parley({ MEDIA_PROTOCOLS: 'tcp' });
  await callOfThree(scene, parley.room('blue'), ({ local, remote }) => {
    assert.equal(local.protocol, 'tcp');
    assert.notEqual(local.candidateType, 'relay');
    assert.equal(remote.protocol, 'tcp');
  });
});

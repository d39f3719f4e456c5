// Three people whose media may only travel through a TURN server, a real coturn (RFC 8656).
import assert from 'node:assert/strict';
import { callOfThree } from '../../support/browser/call-of-three.ts';
import type { Participant } from '../../support/browser/participant.ts';
import type { CandidatePair } from '../../support/browser/rtc-stats.ts';
import { story } from '../../support/browser/scene.ts';

function isRelayed({ local, bytesReceived }: CandidatePair): void {
  assert.equal(local.candidateType, 'relay');
  assert.ok(bytesReceived > 0, 'nothing arrived through the relay');
}

story('three people talk through a relay, with credentials minted for each', async (scene) => {
  const coturn = await scene.coturn('secret');
  const parley = await scene.parley(coturn.env);
  await callOfThree(scene, parley.room('blue', { relay: true }), isRelayed);
});

story('people talk through a relay with one fixed password', async (scene) => {
  const coturn = await scene.coturn('static');
  const parley = await scene.parley(coturn.env);
  const people = await scene.peopleIn(parley.room('blue', { relay: true }), ['Ann', 'Bo']);
  const [ann, bo] = people as [Participant, Participant];
  await Promise.all([ann.sees('Bo'), bo.sees('Ann'), ann.hears(1), bo.hears(1)]);
  for (const person of people) (await person.candidatePairs()).forEach(isRelayed);
});

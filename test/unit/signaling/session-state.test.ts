// The states of a session: which may follow which, and what is known in each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isInStore,
  isResumable,
  mayFollow,
  type SessionState,
  socketOf,
} from '../../../server/signaling/session/session-state.ts';

type State = SessionState<string, string>;

const STATES: readonly State[] = [
  { is: 'joining', socket: 'one' },
  { is: 'admitted', socket: 'one' },
  { is: 'claimed' },
  { is: 'attached', socket: 'one' },
  { is: 'away', grace: 'a timer' },
  { is: 'ended', reason: 'left', kept: false },
];

/** Before: what may come next. */
const PATHS: Readonly<Record<State['is'], string>> = {
  joining: 'admitted ended',
  admitted: 'attached ended',
  claimed: 'attached ended',
  attached: 'attached away ended',
  away: 'attached ended',
  ended: '',
};

for (const { is: before } of STATES) {
  test(`a session that is ${before} may become: ${PATHS[before] || 'nothing'}`, () => {
    const after = STATES.map(({ is }) => is).filter((is) => mayFollow(before, is));
    assert.equal(after.join(' '), PATHS[before]);
  });
}

test('every state can be reached from a beginning, and comes to an end', () => {
  const reached = new Set<State['is']>(['joining', 'claimed']);
  for (const _ of STATES) {
    for (const { is } of STATES) {
      if ([...reached].some((before) => mayFollow(before, is))) reached.add(is);
    }
  }
  assert.equal(reached.size, STATES.length);
  for (const { is } of STATES) assert.equal(mayFollow(is, 'ended'), is !== 'ended');
});

test('who is not admitted yet has no lease, and who has no answer cannot resume', () => {
  const known = STATES.map((state) => [
    state.is,
    isInStore(state),
    isResumable(state),
    socketOf(state),
  ]);
  assert.deepEqual(known, [
    ['joining', false, false, 'one'],
    ['admitted', true, false, 'one'],
    ['claimed', true, true, undefined],
    ['attached', true, true, 'one'],
    ['away', true, true, undefined],
    ['ended', false, false, undefined],
  ]);
});

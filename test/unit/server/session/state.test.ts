// Every transition of a session from every state: where it leads, or that it is illegal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  admit,
  answer,
  attach,
  connectionOf,
  detach,
  end,
  isInStore,
  join,
  type SessionEnd,
  type SessionState,
} from '../../../../server/signaling/session/state.ts';

type State = SessionState<string, string>;

const STATES = {
  joining: join('first'),
  admitted: { name: 'admitted', connection: 'first' },
  attached: { name: 'attached', connection: 'first' },
  away: { name: 'away', grace: 'timer' },
  ended: { name: 'ended', isKept: false },
} satisfies Record<State['name'], State>;

const TRANSITIONS = {
  admit: (state: State) => admit(state),
  answer: (state: State) => answer(state),
  attach: (state: State) => attach(state, 'second'),
  detach: (state: State) => detach(state, 'grace'),
  end: (state: State) => end(state, 'left'),
} satisfies Record<string, (state: State) => State>;

/** A transition that is not named is illegal. */
const EXPECTED: Record<State['name'], Partial<Record<keyof typeof TRANSITIONS, State>>> = {
  joining: {
    admit: { name: 'admitted', connection: 'first' },
    end: { name: 'ended', isKept: false },
  },
  admitted: {
    answer: { name: 'attached', connection: 'first' },
    end: { name: 'ended', isKept: false },
  },
  attached: {
    attach: { name: 'attached', connection: 'second' },
    detach: { name: 'away', grace: 'grace' },
    end: { name: 'ended', isKept: false },
  },
  away: {
    attach: { name: 'attached', connection: 'second' },
    end: { name: 'ended', isKept: false },
  },
  ended: {},
};

for (const state of Object.values<State>(STATES)) {
  for (const [transition, run] of Object.entries(TRANSITIONS)) {
    const expected = EXPECTED[state.name][transition as keyof typeof TRANSITIONS];
    test(`${transition} while ${state.name}: ${expected?.name ?? 'illegal'}`, () => {
      if (expected) assert.deepEqual(run(state), expected);
      else assert.throws(() => run(state), new RegExp(`${transition} while it is ${state.name}`));
    });
  }
}

test('a session of another replica is attached at once', () => {
  assert.deepEqual(attach(undefined, 'first'), { name: 'attached', connection: 'first' });
});

const ENDS: Record<SessionEnd, readonly State['name'][]> = {
  left: [],
  expired: [],
  removed: [],
  lost: [],
  replaced: ['joining', 'admitted', 'attached', 'away'],
  // A client without the secret could never come back.
  shutdown: ['attached', 'away'],
};

for (const [reason, kept] of Object.entries(ENDS)) {
  test(`a participant stays in the room after "${reason}" from: ${kept.join(', ') || 'no state'}`, () => {
    const { ended: _, ...live } = STATES;
    const found = Object.values<State>(live).filter(
      (state) => end(state, reason as SessionEnd).isKept,
    );
    assert.deepEqual(
      found.map(({ name }) => name),
      kept,
    );
  });
}

test('the store knows a session from its admission to its end', () => {
  const known = Object.values<State>(STATES).filter(isInStore);
  assert.deepEqual(
    known.map(({ name }) => name),
    ['admitted', 'attached', 'away'],
  );
});

test('a session has a socket unless it is away or over', () => {
  const connections = Object.values<State>(STATES).map((state) => connectionOf(state));
  assert.deepEqual(connections, ['first', 'first', 'first', undefined, undefined]);
});

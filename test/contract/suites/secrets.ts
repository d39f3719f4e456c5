// Shared secrets: made once, whoever asks first, and the same for everybody.
import assert from 'node:assert/strict';
import type { ClusterTest } from './cluster-test.ts';

export function secretsContract(promises: ClusterTest): void {
  promises('a secret is made once: everybody gets the one that was first', async ({ a, b }) => {
    const candidates = Array.from({ length: 20 }, (_, n) => `candidate-${n}`);
    const kept = await Promise.all(
      candidates.map((candidate, n) => (n % 2 === 0 ? a : b).secrets.keep('one', candidate)),
    );
    const [first = ''] = kept;
    assert.ok(candidates.includes(first));
    assert.deepEqual(new Set(kept), new Set([first]));
    assert.equal(await b.secrets.keep('one', 'later'), first);
    assert.equal(await b.secrets.keep('two', 'another'), 'another');
  });
}

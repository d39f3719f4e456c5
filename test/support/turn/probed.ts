// Waits until a server has probed its TURN addresses.
import assert from 'node:assert/strict';
import { until } from '../process/until.ts';
import { parseMetrics } from '../server/prometheus.ts';

/**
 * A relay that stops before its first probe counts as failed from the beginning, and no session gets it. So
 * stop it after this.
 *
 * @param addresses how many answer
 */
export async function probed(metricsUrl: string | undefined, addresses = 2): Promise<void> {
  assert.ok(metricsUrl);
  await until(`${addresses} TURN addresses to be reached`, async () => {
    const samples = parseMetrics(await (await fetch(metricsUrl)).text());
    const reached = samples.filter(
      ({ name, value }) => name === 'parley_turn_url_up' && value === 1,
    );
    assert.equal(reached.length, addresses);
  });
}

// A recorder that is frozen, and not dead, is replaced; the manifest says what it lost, and no more than that is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/process/until.ts';
import {
  manifestOf,
  readyEntry,
  recordFolder,
  tracksGrow,
} from '../../support/recording/recorded.ts';
import { activeRecorder } from '../../support/recording/recorder-pids.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer } from '../../support/server/app.ts';

const FROZEN_SECONDS = 3;
/** What is lost besides: the last cluster, the beat in which it is noticed, and the start of the next recorder. */
const LOST_MS = FROZEN_SECONDS * 1_000 + 5_000;
/** Longer than a header. */
const GROWN = { bytes: 1_000, withinMs: 30_000 };
const READY = { withinMs: 60_000 };

test('a frozen recorder is killed and replaced, and what it lost is a gap', async (t) => {
  const folder = await recordFolder(t);
  const server = await startServer(t, {
    ...{ RECORD_ENABLED: '1', RECORD_DIR: folder, RECORD_FILMS: 'none' },
    RECORD_FROZEN_SECONDS: String(FROZEN_SECONDS),
  });
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: ['microphone'] });
  await ada.call.recording.start();
  await tracksGrow(folder, 1, GROWN);
  const frozen = await activeRecorder(process.pid);
  process.kill(frozen, 'SIGSTOP');
  await until('it to be gone', () => {
    assert.throws(() => process.kill(frozen, 0), { code: 'ESRCH' });
  });
  await tracksGrow(folder, 2, GROWN);
  assert.notEqual(await activeRecorder(process.pid), frozen);
  await ada.call.recording.stop();
  const entry = await readyEntry(folder, READY);
  assert.equal(entry.files.length, 2);
  const gaps = (await manifestOf(folder, entry)).flatMap((line) =>
    line.type === 'gap' ? [line] : [],
  );
  assert.deepEqual(
    gaps.map(({ participantId, why }) => ({ participantId, why })),
    [{ participantId: ada.participantId, why: 'lost' }],
  );
  const [gap] = gaps;
  const lostMs = (gap?.to ?? 0) - (gap?.from ?? 0);
  t.diagnostic(`lost: ${Math.round(lostMs)} ms`);
  assert.ok(lostMs > 1_000 && lostMs < LOST_MS, `${lostMs} ms`);
  ada.call.leave();
  await server.becomesIdle();
});

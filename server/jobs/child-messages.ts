// What a process and the launcher of its program say to each other.
import * as v from 'valibot';

/** From the launcher. */
export const LauncherReport = v.variant('said', [
  v.object({ said: v.literal('started'), pid: v.number() }),
  v.object({
    said: v.literal('ended'),
    code: v.nullable(v.number()),
    signal: v.nullable(v.string()),
  }),
  v.object({ said: v.literal('failed'), message: v.string() }),
]);
export type LauncherReport = v.InferOutput<typeof LauncherReport>;

/** To the launcher: SIGTERM now, SIGKILL later. */
export const StopOrder = v.object({ killAfterMs: v.number() });
export type StopOrder = v.InferOutput<typeof StopOrder>;

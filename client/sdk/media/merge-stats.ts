// One report of what arrives while two media sessions bring it. Pure.

/**
 * The newest session's report, and with it the inbound streams of what is shown from older ones.
 * Those have an epoch before their ids, so that two sessions' never meet.
 *
 * @param shown ids of the MediaStreamTracks that are shown
 */
export function mergeStats(
  newest: RTCStatsReport,
  older: readonly { epoch: number; recv: RTCStatsReport }[],
  shown: ReadonlySet<string>,
): RTCStatsReport {
  if (older.length === 0) return newest;
  const merged = new Map<string, unknown>();
  newest.forEach((entry, id) => {
    merged.set(id, entry);
  });
  for (const { epoch, recv } of older) {
    recv.forEach((entry, key) => {
      const isShown = entry.type === 'inbound-rtp' && shown.has(entry.trackIdentifier);
      const id = `${epoch}-${key}`;
      if (isShown) merged.set(id, { ...entry, id });
    });
  }
  return merged;
}

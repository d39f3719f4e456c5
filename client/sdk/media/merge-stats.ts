// One report of the received tracks while two media sessions carry them. Pure.

/**
 * The newest session's report, with the inbound streams on screen from older ones. Those get their epoch before
 * their ids, so that ids of two sessions never collide.
 *
 * @param shown ids of the MediaStreamTracks on screen
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

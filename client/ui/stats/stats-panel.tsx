// The call in numbers, read once a second while it is open.
import { useSignal } from '@preact/signals';
import { X } from 'lucide';
import { useEffect } from 'preact/hooks';
import type { CallModel } from '../call/call-model.ts';
import { Icon } from '../kit/icon.tsx';
import { isShown } from '../stage/tiles.ts';
import { transportLine } from './path-text.ts';
import { type Counters, type Reading, readStats } from './read-stats.ts';

const INTERVAL_MS = 1000;

export function StatsPanel({ model }: { model: CallModel }) {
  const reading = useReading(model);
  return (
    <section
      class="panel stats"
      aria-label="Call statistics"
      onKeyDown={(event) => {
        if (event.key === 'Escape') model.statsOpen.value = false;
      }}
    >
      <header class="panel-head">
        <h2>Call statistics</h2>
        <button
          type="button"
          class="button quiet square small"
          aria-label="Close"
          onClick={() => {
            model.statsOpen.value = false;
          }}
        >
          <Icon icon={X} size={20} />
        </button>
      </header>
      <dl>
        <Line name="Sending" value={transportLine(reading?.send)} />
        <Line name="Receiving" value={transportLine(reading?.recv)} />
        <Line name="Encryption" value="DTLS-SRTP, to and from the server" />
        {videoLines(model, reading).map(({ key, name, value }) => (
          <Line key={key} name={name} value={value} />
        ))}
      </dl>
    </section>
  );
}

function Line({ name, value }: { name: string; value: string }) {
  return (
    <div class="stats-line">
      <dt>
        <bdi>{name}</bdi>
      </dt>
      <dd>{value}</dd>
    </div>
  );
}

function useReading(model: CallModel): Reading | undefined {
  const reading = useSignal<Reading | undefined>(undefined);
  useEffect(() => {
    let counters: Counters | undefined;
    let ended = false;
    const read = async () => {
      try {
        const reports = await model.call.stats();
        if (ended) return;
        reading.value = readStats(reports, performance.now(), counters);
        counters = reading.value.counters;
      } catch {
        // A transport that is being replaced has no statistics. The next reading has.
      }
    };
    void read();
    const timer = setInterval(read, INTERVAL_MS);
    return () => {
      ended = true;
      clearInterval(timer);
    };
  }, [model]);
  return reading.value;
}

function videoLines({ stage, remoteTracks, layers }: CallModel, reading: Reading | undefined) {
  // A large room has more pictures than anybody reads about.
  return stage.layout.value.placements.flatMap(({ id }) => {
    const tile = stage.byId.value.get(id);
    if (!isShown(tile) || tile.you || tile.videoTrackId === undefined) return [];
    const remote = remoteTracks.value.get(tile.videoTrackId);
    const stats = remote && reading?.videos.get(remote.track.id);
    const layer = layers.value.get(tile.videoTrackId);
    const parts = stats
      ? [`${stats.width}×${stats.height}`, `${stats.framesPerSecond} fps`]
      : ['No picture'];
    if (typeof layer === 'number') parts.push(`layer ${layer}`);
    if (stats?.loss) parts.push(`${(stats.loss * 100).toFixed(1)} % lost`);
    const name = tile.kind === 'screen' ? `${tile.name}'s screen` : tile.name;
    return [{ key: tile.id, name, value: parts.join(' · ') }];
  });
}

// One participant or one shared screen: the picture, the name, and the state.
import { computed, useComputed } from '@preact/signals';
import { MicOff, WifiOff } from 'lucide';
import { useId, useMemo } from 'preact/hooks';
import type { CallModel } from '../call/call-model.ts';
import { Icon } from '../kit/icon.tsx';
import { hueOf, initials } from '../kit/participant-look.ts';
import type { LocalMedia } from '../media/local-media.ts';
import { isMirrored } from '../media/mirror.ts';
import { takeVideo } from '../video/early-video.ts';
import { newVideo, Video } from '../video/video.tsx';
import type { Placement } from './layout.ts';
import { rectStyle } from './rect-style.ts';
import { TileActions } from './tile-actions.tsx';
import { type ParticipantTile, type ScreenTile, tileLabel } from './tiles.ts';

export interface TileViewProps {
  /** The same object as long as nothing about it changes: then it is not drawn again. */
  tile: ParticipantTile | ScreenTile;
  /** Likewise. Undefined: it stays in the document and is hidden. */
  rect: Placement | undefined;
  model: CallModel;
  media: LocalMedia;
}

export function TileView({ tile, rect, model, media }: TileViewProps) {
  const id = useId();
  // Bound to the attribute: who speaks draws no tile again.
  const speaking = useComputed(
    () => tile.kind === 'participant' && model.speakers.value.has(tile.participantId),
  );
  const size = rect ? Math.round(Math.min(rect.width * 0.5, rect.height * 0.46, 160)) : 0;
  return (
    <article
      class="tile"
      data-tile={tile.id}
      aria-labelledby={id}
      hidden={rect === undefined}
      data-kind={tile.kind}
      data-role={rect?.role}
      data-speaking={speaking}
      style={{
        ...(rect && rectStyle(rect)),
        '--hue': String(hueOf(tile.participantId)),
        '--avatar-size': `${size}px`,
      }}
    >
      <div class="tile-frame">
        {tile.kind === 'participant' && (
          <span class="avatar" aria-hidden="true">
            {initials(tile.name)}
          </span>
        )}
        <Picture tile={tile} model={model} media={media} />
        <Badges tile={tile} model={model} />
        <p class="tile-name">
          {tile.kind === 'participant' && <MutedMark tile={tile} media={media} />}
          <bdi id={id}>{tileLabel(tile)}</bdi>
        </p>
      </div>
      <TileActions tile={tile} model={model} />
    </article>
  );
}

type PartProps = Pick<TileViewProps, 'tile' | 'model' | 'media'>;

function Picture({ tile, model, media }: PartProps) {
  const track = useOne(tile, () => trackOf(tile, model, media));
  if (!track) return null;
  return (
    <Video
      track={track}
      make={() => {
        const video = takeVideo(track) ?? newVideo();
        if (tile.kind === 'screen')
          followAspect(video, (aspect) => model.stage.setAspect(tile.id, aspect));
        return video;
      }}
      mirrored={tile.you && tile.kind === 'participant' && isMirrored(track)}
    />
  );
}

/** Width divided by height of the picture, whenever it changes. */
function followAspect(video: HTMLVideoElement, onAspect: (aspect: number) => void): void {
  const onSize = () => {
    if (video.videoHeight > 0) onAspect(video.videoWidth / video.videoHeight);
  };
  video.onresize = onSize;
  // One that shows the picture already may have its size.
  onSize();
}

function MutedMark({ tile, media }: { tile: ParticipantTile; media: LocalMedia }) {
  if (!isSilent(tile, media)) return null;
  return (
    <span role="img" aria-label="Microphone off">
      <Icon icon={MicOff} size={16} />
    </span>
  );
}

function Badges({ tile, model }: Pick<TileViewProps, 'tile' | 'model'>) {
  const away = tile.kind === 'participant' && !tile.online;
  const starved = useOne(
    tile,
    () => tile.videoTrackId !== undefined && model.layers.value.get(tile.videoTrackId) === null,
  );
  if (!away && !starved) return null;
  return (
    <p class="tile-badge">
      <Icon icon={WifiOff} size={16} />
      {away ? 'Reconnecting…' : 'Poor connection'}
    </p>
  );
}

/** One value out of signals that have those of all tiles: only another value draws the part again. */
function useOne<T>(tile: TileViewProps['tile'], read: () => T): T {
  return useMemo(() => computed(read), [tile]).value;
}

/** The own picture comes from the device: it is there before the server knows of it. */
function trackOf(
  { you, kind, videoTrackId }: TileViewProps['tile'],
  { remoteTracks }: CallModel,
  { camera, screen }: LocalMedia,
): MediaStreamTrack | undefined {
  if (you && kind === 'screen') return screen.picture.value;
  // A picture that the system withholds is black.
  if (you) return camera.silenced.value ? undefined : camera.track.value;
  return videoTrackId === undefined ? undefined : remoteTracks.value.get(videoTrackId)?.track;
}

function isSilent({ you, microphone }: ParticipantTile, media: LocalMedia): boolean {
  if (you) {
    const { on, track, silenced } = media.microphone;
    return !on.value || track.value === undefined || silenced.value;
  }
  return microphone === undefined || microphone.muted;
}

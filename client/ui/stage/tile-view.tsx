// One participant or one shared screen: the picture, the name, and the state.
import { useComputed } from '@preact/signals';
import { MicOff, WifiOff } from 'lucide';
import { useId } from 'preact/hooks';
import type { CallModel } from '../call/call-model.ts';
import { Icon } from '../kit/icon.tsx';
import { hueOf, initials } from '../kit/participant-look.ts';
import type { LocalMedia } from '../media/local-media.ts';
import { isMirrored } from '../media/mirror.ts';
import type { Placement } from './layout.ts';
import { rectStyle } from './rect-style.ts';
import { TileActions } from './tile-actions.tsx';
import { type ParticipantTile, type ScreenTile, tileLabel } from './tiles.ts';
import { Video } from './video.tsx';

export interface TileViewProps {
  tile: ParticipantTile | ScreenTile;
  rect: Placement;
  model: CallModel;
  media: LocalMedia;
}

export function TileView({ tile, rect, model, media }: TileViewProps) {
  const id = useId();
  const speaking = useComputed(
    () => tile.kind === 'participant' && model.speakers.value.has(tile.participantId),
  );
  const track = trackOf(tile, model, media);
  const label = tileLabel(tile);
  const size = Math.round(Math.min(rect.width * 0.5, rect.height * 0.46, 160));
  const own = tile.you && tile.kind === 'participant';
  return (
    <article
      class="tile"
      aria-labelledby={id}
      data-kind={tile.kind}
      data-role={rect.role}
      data-speaking={speaking.value}
      style={{
        ...rectStyle(rect),
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
        {track && (
          <Video
            track={track}
            mirrored={own && isMirrored(track)}
            {...(tile.kind === 'screen' && {
              onAspect: (aspect) => model.setAspect(tile.id, aspect),
            })}
          />
        )}
        <Badges tile={tile} model={model} />
        <p class="tile-name">
          {tile.kind === 'participant' && isSilent(tile, media) && (
            <span role="img" aria-label="Microphone off">
              <Icon icon={MicOff} size={16} />
            </span>
          )}
          <bdi id={id}>{label}</bdi>
        </p>
      </div>
      <TileActions tile={tile} model={model} />
    </article>
  );
}

function Badges({ tile, model }: Pick<TileViewProps, 'tile' | 'model'>) {
  const away = tile.kind === 'participant' && !tile.online;
  const starved =
    tile.videoTrackId !== undefined && model.layers.value.get(tile.videoTrackId) === null;
  if (!away && !starved) return null;
  return (
    <p class="tile-badge">
      <Icon icon={WifiOff} size={16} />
      {away ? 'Reconnecting…' : 'Poor connection'}
    </p>
  );
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

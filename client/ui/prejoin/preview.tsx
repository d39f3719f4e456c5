// The preview of camera and microphone.
import { Video as Camera, VideoOff } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../kit/icon.tsx';
import { hueOf, initials } from '../kit/participant-look.ts';
import type { LocalMedia } from '../media/local-media.ts';
import { CameraButton, MicrophoneButton } from '../media/media-buttons.tsx';
import { isMirrored } from '../media/mirror.ts';
import { Video } from '../video/video.tsx';

export function Preview({ media, name }: { media: LocalMedia; name: string }) {
  const { camera, microphone } = media;
  // A picture that the system withholds is black.
  const track = camera.silenced.value ? undefined : camera.track.value;
  return (
    <section class="preview" aria-label="Preview" data-live={track !== undefined}>
      {track ? (
        <Video track={track} mirrored={isMirrored(track)} />
      ) : (
        <Empty media={media} name={name} />
      )}
      <div class="preview-controls">
        {microphone.track.value && microphone.on.value && !microphone.silenced.value && (
          <Level track={microphone.track.value} />
        )}
        <MicrophoneButton capture={microphone} />
        <CameraButton capture={camera} />
      </div>
    </section>
  );
}

function Empty({ media, name }: { media: LocalMedia; name: string }) {
  const { camera, microphone } = media;
  if (camera.pending.value || microphone.pending.value) {
    return (
      <div class="preview-empty">
        <Icon icon={Camera} size={32} />
        <p>Choose Allow when your browser asks. You can join without, too.</p>
      </div>
    );
  }
  return (
    <div class="preview-empty">
      {name ? (
        <span class="avatar" aria-hidden="true" style={{ '--hue': String(hueOf(name)) }}>
          {initials(name)}
        </span>
      ) : (
        <Icon icon={VideoOff} size={32} />
      )}
      <p>
        {camera.error.value === undefined && !camera.silenced.value
          ? 'Your camera is off'
          : 'There is no picture'}
      </p>
    </div>
  );
}

function Level({ track }: { track: MediaStreamTrack }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let ended = false;
    let end = () => {};
    // The picture does not wait for the meter.
    import('../media/level.ts').then(
      ({ watchLevel }) => {
        if (ended) return;
        end = watchLevel(track, (level) => {
          // Sets the style directly: 20 changes a second are too many to render.
          element.current?.style.setProperty('--level', level.toFixed(2));
        });
      },
      () => {},
    );
    return () => {
      ended = true;
      end();
    };
  }, [track]);
  return (
    <div ref={element} class="level" role="img" aria-label="Microphone level">
      <i />
      <i />
      <i />
      <i />
      <i />
    </div>
  );
}

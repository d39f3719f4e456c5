// Keeps what the call sends equal to what the devices give: the one place that publishes.
import { effect } from '@preact/signals';
import { ParleyError } from '../../../shared/errors.ts';
import type { TrackSource } from '../../../shared/room/room.ts';
import type { Call } from '../../sdk/session/types.ts';
import { notify } from '../kit/notices.tsx';
import type { LocalMedia } from '../media/local-media.ts';

/** @returns a function that ends it */
export function publishLocalMedia(call: Call, media: LocalMedia): () => void {
  const { microphone, camera, screen } = media;
  const sync = (source: TrackSource) => {
    const wanted = wantedOf(media, source);
    const published = call.localTracks.get(source);
    if (!wanted) {
      if (published) call.unpublish(source);
    } else if (published?.track !== wanted.track) {
      call.publish({ source, ...wanted }).then(
        // Muted or unmuted while it was under way.
        () => syncMuted(call, media, source),
        (error: unknown) => {
          if (wantedOf(media, source)?.track !== wanted.track) return;
          release(media, source);
          notify({ text: ParleyError.from(error).message, tone: 'warning' });
        },
      );
    } else {
      syncMuted(call, media, source);
    }
  };
  const cleanups = [
    effect(() => sync('microphone')),
    effect(() => sync('camera')),
    effect(() => sync('screen')),
    effect(() => sync('screen-audio')),
    call.on('mutedByHost', (source) => {
      // What is not sent must not look as if it were.
      if (source === 'microphone') void microphone.setOn(false);
      else if (source === 'camera') void camera.setOn(false);
      else if (source === 'screen') screen.stop();
      else release(media, source);
      notify({ text: `The host ${MUTED_BY_HOST[source]}. You can switch it on again.` });
    }),
  ];
  return () => {
    for (const cleanup of cleanups) cleanup();
  };
}

const MUTED_BY_HOST: Record<TrackSource, string> = {
  microphone: 'muted your microphone',
  camera: 'switched off your camera',
  screen: 'stopped your screen share',
  'screen-audio': "muted your screen's sound",
};

function wantedOf(
  { microphone, camera, screen }: LocalMedia,
  source: TrackSource,
): { track: MediaStreamTrack; muted: boolean } | undefined {
  const on = microphone.on.value;
  const track = {
    microphone: microphone.track,
    camera: camera.track,
    screen: screen.picture,
    'screen-audio': screen.sound,
  }[source].value;
  return track && { track, muted: source === 'microphone' && !on };
}

function syncMuted(call: Call, media: LocalMedia, source: TrackSource): void {
  const wanted = wantedOf(media, source);
  const published = call.localTracks.get(source);
  if (!wanted || published?.track !== wanted.track) return;
  if (published.muted !== wanted.muted) call.setMuted(source, wanted.muted);
}

function release(media: LocalMedia, source: TrackSource): void {
  if (source === 'microphone' || source === 'camera') {
    media[source].on.value = false;
    media[source].release();
  } else if (source === 'screen') {
    media.screen.stop();
  } else {
    media.screen.sound.value?.stop();
    media.screen.sound.value = undefined;
  }
}

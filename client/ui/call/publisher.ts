// Keeps the published tracks equal to the devices' tracks. Only this file publishes.
import { effect, untracked } from '@preact/signals';
import { ParleyError } from '../../../shared/errors.ts';
import type { TrackSource } from '../../../shared/room/room.ts';
import type { Call } from '../../sdk/session/types.ts';
import { notify } from '../kit/notices.tsx';
import type { LocalMedia } from '../media/local-media.ts';

const SOURCES: readonly TrackSource[] = ['microphone', 'camera', 'screen', 'screen-audio'];

/** @returns a function that ends it */
export function publishLocalMedia(call: Call, media: LocalMedia): () => void {
  /** The tracks that the call was given. One that is missing from the call could not be sent. */
  const given = new Map<TrackSource, MediaStreamTrack>();
  const sync = (source: TrackSource) => {
    const wanted = wantedOf(media, source);
    if (call.connection.state === 'ended') return;
    const published = call.localTracks.get(source);
    if (!wanted) {
      given.delete(source);
      if (published) call.unpublish(source);
      return;
    }
    given.set(source, wanted.track);
    if (published?.track === wanted.track && published.muted === wanted.muted) return;
    call.publish({ source, ...wanted }).catch((error: unknown) => {
      notify({ text: ParleyError.from(error).message, tone: 'warning' });
    });
  };
  const dropRefused = () => {
    for (const [source, track] of given) {
      if (call.localTracks.has(source)) continue;
      given.delete(source);
      // A device whose track is not sent must not look switched on. The call shows why.
      if (wantedOf(media, source)?.track === track) release(media, source);
    }
  };
  const cleanups = [
    ...SOURCES.map((source) => effect(() => sync(source))),
    call.on('localTracks', () => untracked(dropRefused)),
    call.on('mutedByHost', (source) => {
      // A device whose track is not sent must not look switched on.
      if (source === 'microphone') void media.microphone.setOn(false);
      else if (source === 'camera') void media.camera.setOn(false);
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
  const track = {
    microphone: microphone.track,
    camera: camera.track,
    screen: screen.picture,
    'screen-audio': screen.sound,
  }[source].value;
  if (!track) return undefined;
  if (source === 'microphone') {
    // While the system mutes it, others see it muted, too.
    return { track, muted: !microphone.on.value || microphone.silenced.value };
  }
  return { track, muted: source === 'camera' && camera.silenced.value };
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

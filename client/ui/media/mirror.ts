// One's own picture is shown as in a mirror, unless the camera looks away from the user. Pure.

export function isMirrored(track: Pick<MediaStreamTrack, 'getSettings'>): boolean {
  return track.getSettings().facingMode !== 'environment';
}

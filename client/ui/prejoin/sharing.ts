// The devices that a click on Join will share, in words. Pure.

export interface Sharing {
  microphone: boolean;
  camera: boolean;
}

export function sharingSummary({ microphone, camera }: Sharing): string {
  if (microphone && camera) return 'People will see and hear you.';
  if (microphone) return 'People will hear you, but not see you.';
  if (camera) return 'People will see you, but not hear you.';
  return 'People will neither see nor hear you. You see and hear them.';
}

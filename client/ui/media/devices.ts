// The list of cameras, microphones and speakers, under readable names: of no use before somebody looks at them. Pure.

export interface Device {
  id: string;
  label: string;
}

export interface Devices {
  microphones: readonly Device[];
  cameras: readonly Device[];
  speakers: readonly Device[];
}

type Info = Pick<MediaDeviceInfo, 'deviceId' | 'kind' | 'label' | 'groupId'>;

/** Before a permission is given, browsers list one nameless device of each kind: left out. */
export function listDevices(infos: readonly Info[]): Devices {
  return {
    microphones: ofKind(infos, 'audioinput', 'Microphone'),
    cameras: ofKind(infos, 'videoinput', 'Camera'),
    speakers: ofKind(infos, 'audiooutput', 'Speaker'),
  };
}

function ofKind(infos: readonly Info[], kind: Info['kind'], fallback: string): Device[] {
  return infos
    .filter((info) => info.kind === kind && info.deviceId !== '')
    .map(({ deviceId, label }, index) => ({
      id: deviceId,
      label: cleanLabel(label) || `${fallback} ${index + 1}`,
    }));
}

/** "Logitech C920 (046d:082d)" is a Logitech C920 to its owner. */
function cleanLabel(label: string): string {
  return label.replace(/\s*\([0-9a-f]{4}:[0-9a-f]{4}\)$/i, '').trim();
}

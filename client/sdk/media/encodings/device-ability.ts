// Asks the browser how well this device encodes: hardware, layers, processors, battery.
import { type VideoCodec, videoEncodings } from '../../../../shared/media/media.ts';
import { type CodecAbility, type DeviceAbility, UNKNOWN_ABILITY } from './choose-codec.ts';

/** What a camera is sent as. */
const CAMERA = { width: 1_280, height: 720, bitrate: 1_700_000, framerate: 30 };
/** As `RTCRtpSender.getCapabilities` writes it: the profile that every browser has. */
const PARAMETERS: Partial<Record<VideoCodec, string>> = {
  H264: ';level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
};
const LOW_BATTERY = 0.2;

interface Battery {
  charging: boolean;
  /** 0 to 1. */
  level: number;
}

/** Never fails: what cannot be found out is unknown. */
export async function deviceAbility(codecs: readonly VideoCodec[]): Promise<DeviceAbility> {
  const { navigator } = globalThis;
  const capabilities = navigator?.mediaCapabilities;
  if (!capabilities) return UNKNOWN_ABILITY;
  const [savesPower, ...abilities] = await Promise.all([
    isSavingPower(navigator).catch(() => false),
    ...codecs.map(async (codec) => {
      const ability = await abilityOf(capabilities, codec).catch(() => undefined);
      return ability ? ([[codec, ability]] as const) : [];
    }),
  ]);
  return { codecs: new Map(abilities.flat()), cores: navigator.hardwareConcurrency, savesPower };
}

async function abilityOf(
  capabilities: MediaCapabilities,
  codec: VideoCodec,
): Promise<CodecAbility | undefined> {
  let layered = false;
  const video = {
    ...CAMERA,
    contentType: `video/${codec}${PARAMETERS[codec] ?? ''}`,
    // A browser that sends no layers never reads this, and calls the codec supported without them.
    get scalabilityMode() {
      layered = true;
      return videoEncodings('camera', codec)[0]?.scalabilityMode ?? 'L1T1';
    },
  };
  const { supported, smooth, powerEfficient } = await capabilities.encodingInfo({
    type: 'webrtc',
    video,
  });
  return supported ? { smooth, powerEfficient, layered } : undefined;
}

/** Chromium alone says it, and browsers that protect their users' privacy do not. */
async function isSavingPower(navigator: Navigator): Promise<boolean> {
  const { getBattery } = navigator as { getBattery?: () => Promise<Battery> };
  const battery = await getBattery?.call(navigator);
  return battery !== undefined && !battery.charging && battery.level <= LOW_BATTERY;
}

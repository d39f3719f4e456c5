// Explains why a camera or microphone could not be opened, and the remedy. Pure.

export type DeviceKind = 'camera' | 'microphone';

export interface DeviceProblem {
  reason:
    | 'blocked'
    | 'blocked-by-system'
    | 'dismissed'
    /** The permission was given before, and has been withdrawn. */
    | 'revoked'
    | 'missing'
    | 'busy'
    | 'insecure'
    | 'unsupported'
    | 'failed';
  title: string;
  advice: string;
  /** Asking again can succeed without reloading the page. */
  retry: boolean;
}

export interface BrowserFacts {
  /** `window.isSecureContext` */
  secure: boolean;
  /** `navigator.mediaDevices` is there. */
  capture: boolean;
  browser: 'chrome' | 'firefox' | 'safari' | 'other';
  system: 'windows' | 'mac' | 'android' | 'ios' | 'other';
}

/**
 * @param error what getUserMedia threw
 * @param kinds what was asked for, at least one
 */
export function deviceProblem(
  error: unknown,
  kinds: readonly DeviceKind[],
  facts: BrowserFacts,
): DeviceProblem {
  const what = kinds.length > 1 ? 'camera and microphone' : (kinds[0] ?? 'camera');
  if (!facts.secure) return insecure(what);
  if (!facts.capture) return unsupported(what);
  const { name, message } = describe(error);
  switch (name) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
    case 'SecurityError':
      if (/by system/i.test(message)) return blockedBySystem(what, facts);
      if (/revoked/i.test(message)) return revoked(what, facts);
      return /dismissed/i.test(message) ? dismissed(what) : blocked(what, facts);
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return missing(what);
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return busy(what);
    default:
      return failed(what);
  }
}

/** One text for all failures. The same cause is given once. */
export function describeFailures(
  failures: readonly { kind: DeviceKind; error: unknown }[],
  facts: BrowserFacts,
): DeviceProblem[] {
  const problems = failures.map(({ kind, error }) => deviceProblem(error, [kind], facts));
  const [first, second] = problems;
  if (!first || !second || first.reason !== second.reason) return problems;
  return [deviceProblem(failures[0]?.error, ['camera', 'microphone'], facts)];
}

function insecure(what: string): DeviceProblem {
  return {
    reason: 'insecure',
    title: `This address cannot use your ${what}`,
    advice:
      'Browsers allow it only on addresses that begin with https, and on localhost. Open this call with https. If you run this server, start it with: npm start -- --https',
    retry: false,
  };
}

function unsupported(what: string): DeviceProblem {
  return {
    reason: 'unsupported',
    title: `This browser cannot use your ${what}`,
    advice: 'Open this call in a current version of Chrome, Edge, Firefox or Safari.',
    retry: false,
  };
}

function blocked(what: string, facts: BrowserFacts): DeviceProblem {
  return {
    reason: 'blocked',
    title: `Your browser blocks the ${what} here`,
    advice: `${unblockHint(facts)} Then try again.`,
    retry: true,
  };
}

function unblockHint({ browser, system }: BrowserFacts): string {
  if (system === 'ios') {
    return 'Tap the page menu in the address bar, then Website settings, and allow it.';
  }
  if (system === 'android') {
    return 'Tap the icon left of the address, then Permissions, and allow it.';
  }
  switch (browser) {
    case 'chrome':
      return 'Click the icon left of the address and switch it on.';
    case 'firefox':
      return 'Click the crossed-out device in the address bar and remove the block.';
    case 'safari':
      return 'Choose Safari, then Settings for this website, and allow it.';
    case 'other':
      return "Allow it in the browser's settings for this site.";
  }
}

function blockedBySystem(what: string, { system }: BrowserFacts): DeviceProblem {
  const where: Record<BrowserFacts['system'], string> = {
    mac: 'Open System Settings, then Privacy & Security, and allow it for this browser.',
    windows: 'Open Settings, then Privacy & security, and allow it for desktop apps.',
    android: 'Open Settings, then Apps, and give this browser the permission.',
    ios: 'Open Settings, then this browser, and allow it.',
    other: "Allow it for this browser in the system's privacy settings.",
  };
  return {
    reason: 'blocked-by-system',
    title: `Your system blocks the ${what} for this browser`,
    advice: `${where[system]} Then try again.`,
    retry: true,
  };
}

function dismissed(what: string): DeviceProblem {
  return {
    reason: 'dismissed',
    title: `Your ${what} is not allowed yet`,
    advice: 'Try again, and choose Allow when the browser asks.',
    retry: true,
  };
}

function revoked(what: string, facts: BrowserFacts): DeviceProblem {
  return {
    reason: 'revoked',
    title: `The permission for your ${what} was taken back`,
    advice: `${unblockHint(facts)} Then try again.`,
    retry: true,
  };
}

function missing(what: string): DeviceProblem {
  return {
    reason: 'missing',
    title: `No ${what.replace(' and ', ' or ')} was found`,
    advice: 'Plug one in and try again. You can join and listen without.',
    retry: true,
  };
}

function busy(what: string): DeviceProblem {
  return {
    reason: 'busy',
    title: `Your ${what} is used by another app`,
    advice: 'Close it there and try again, or pick another one.',
    retry: true,
  };
}

function failed(what: string): DeviceProblem {
  return {
    reason: 'failed',
    title: `Your ${what} did not start`,
    advice:
      'Try again. If it stays like this, unplug it, plug it in again, and restart the browser.',
    retry: true,
  };
}

function describe(error: unknown): { name: string; message: string } {
  return error instanceof Error ? error : { name: '', message: '' };
}

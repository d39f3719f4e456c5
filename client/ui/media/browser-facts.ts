// Reads from the browser what device problems and devices depend on.
import type { BrowserFacts } from './device-problem.ts';

export function readBrowserFacts(): BrowserFacts {
  const agent = navigator.userAgent;
  return {
    secure: window.isSecureContext,
    capture: typeof navigator.mediaDevices?.getUserMedia === 'function',
    browser: browserOf(agent),
    system: systemOf(agent),
  };
}

/** Only words in advice depend on it, so guessing from the user agent is good enough. */
export function browserOf(agent: string): BrowserFacts['browser'] {
  if (/Firefox|FxiOS/.test(agent)) return 'firefox';
  if (/Chrome|Chromium|CriOS|Edg/.test(agent)) return 'chrome';
  return /Safari/.test(agent) ? 'safari' : 'other';
}

export function systemOf(agent: string): BrowserFacts['system'] {
  if (/Android/.test(agent)) return 'android';
  if (/iPhone|iPad|iPod/.test(agent)) return 'ios';
  if (/Mac OS X/.test(agent)) return 'mac';
  return /Windows/.test(agent) ? 'windows' : 'other';
}

export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}

/** Choosing where sound comes out is not in every browser. */
export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

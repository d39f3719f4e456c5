// The notices about devices that change by themselves, or are refused when chosen. Pure.
import { type BrowserFacts, type DeviceKind, deviceProblem } from '../device-problem.ts';

export type DeviceNews =
  /** Unplugged. `instead`: the label of what is used now; '' for one without a name. */
  | { type: 'lost'; kind: DeviceKind; instead: string | undefined }
  /** The preferred device is there again, and is used. */
  | { type: 'back'; kind: DeviceKind; label: string }
  /** A device was chosen and cannot be had: the one before goes on, unless `left` is false. */
  | { type: 'refused'; kind: DeviceKind; label: string; error: unknown; left: boolean }
  /** The system, a switch or a headset's button mutes it. */
  | { type: 'silenced'; kind: DeviceKind }
  | { type: 'speaker-lost'; label: string }
  | { type: 'speaker-back'; label: string };

export interface NewsText {
  text: string;
  tone: 'calm' | 'warning';
}

export function newsText(news: DeviceNews, facts: BrowserFacts): NewsText {
  switch (news.type) {
    case 'lost':
      return { text: lost(news), tone: 'warning' };
    case 'back':
      return {
        text: `${news.label || 'Another one'} is used as your ${news.kind} now.`,
        tone: 'calm',
      };
    case 'refused':
      return { text: refused(news, facts), tone: 'warning' };
    case 'silenced':
      return { text: SILENCED_TEXT[news.kind], tone: 'warning' };
    case 'speaker-lost':
      return {
        text: `Your speaker ${news.label} is gone. The sound comes out of the system's default one now.`,
        tone: 'warning',
      };
    case 'speaker-back':
      return { text: `Your speaker ${news.label} is back and used again.`, tone: 'calm' };
  }
}

/** While the system mutes a device. */
export const SILENCED_TEXT: Record<DeviceKind, string> = {
  microphone:
    'Your microphone is muted by your system or by a button on your headset. Nobody hears you. Unmute it there.',
  camera:
    'Your camera is switched off by your system or by its cover. Nobody sees you. Switch it on there.',
};

function lost({ kind, instead }: Extract<DeviceNews, { type: 'lost' }>): string {
  return instead === undefined
    ? `Your ${kind} was unplugged. It is used again once it is back.`
    : `Your ${kind} was unplugged. ${instead || 'Another one'} is used now.`;
}

function refused(news: Extract<DeviceNews, { type: 'refused' }>, facts: BrowserFacts): string {
  const { kind, label, error, left } = news;
  const what = label || `That ${kind}`;
  const { reason } = deviceProblem(error, [kind], facts);
  const why =
    {
      busy: 'is used by another app',
      missing: 'is not there any more',
      blocked: 'is blocked by your browser',
      revoked: 'is blocked by your browser',
      dismissed: 'is not allowed yet',
      'blocked-by-system': 'is blocked by your system',
    }[reason as string] ?? 'did not start';
  const next =
    reason === 'busy'
      ? ' Close it there and choose it again.'
      : ' Try again, or choose another one.';
  const now = left ? ` Your ${kind} goes on with the one before.` : '';
  return `${what} ${why}.${now}${next}`;
}

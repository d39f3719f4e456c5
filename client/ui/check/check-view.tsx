// The network check on the page: the verdict first, then each test.
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleX,
  ClipboardCopy,
  type IconNode,
  LoaderCircle,
  RotateCw,
} from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.tsx';
import { copyText } from '../kit/clipboard.ts';
import { Icon } from '../kit/icon.tsx';
import { readBrowserFacts } from '../media/browser-facts.ts';
import type { Capture } from '../media/capture.ts';
import type { LocalMedia } from '../media/local-media.ts';
import { CheckRun } from './check-run.ts';
import { deviceLine } from './device-words.ts';
import type { Line, Tone, Verdict } from './line.ts';
import { reportText } from './report.ts';
import { networkLines, verdictOf } from './words.ts';
import '../styles/check.css';

export interface CheckViewProps {
  /** The room whose token is used, where the server requires one. */
  room: string | undefined;
  /** Devices that are open or being opened; undefined for a viewer. */
  media: LocalMedia | undefined;
}

const ICONS: Record<Tone, IconNode> = {
  waiting: CircleDashed,
  running: LoaderCircle,
  good: CircleCheck,
  warning: CircleAlert,
  bad: CircleX,
};
/** The icons' meaning for screen readers. */
const STATES: Record<Tone, string> = {
  waiting: '',
  running: 'Running: ',
  good: 'Good: ',
  warning: 'Attention: ',
  bad: 'Problem: ',
};
/** On the meter's scale. A microphone that is not muted picks up at least the room's noise. */
const HEARD_LEVEL = 0.04;

export function CheckView({ room, media }: CheckViewProps) {
  const [run] = useState(() => new CheckRun(room));
  const heard = useHeard(media?.microphone);
  useEffect(() => {
    void run.start();
    return () => run.close();
  }, [run]);
  const devices = media ? [media.camera, media.microphone] : [];
  const again = () => {
    for (const capture of devices) if (capture.error.value !== undefined) void capture.open();
    void run.start();
  };
  const network = run.network.value;
  const deviceLines = devices.map((capture) =>
    deviceLine(
      {
        ...stateOf(capture),
        heard: heard.value,
        listening: !network.done,
        touched: hasBeenTouched(),
      },
      readBrowserFacts(),
    ),
  );
  const lines = [...deviceLines, ...networkLines(network, location.host)];
  const verdict = verdictOf(network, deviceLines);
  const running = verdict.tone === 'running';
  const report = () =>
    reportText({
      at: run.at.value,
      browser: navigator.userAgent,
      server: location.origin,
      verdict,
      lines,
      network,
    });
  return (
    <div class="netcheck">
      <VerdictBox verdict={verdict} lines={lines} />
      <Actions running={running} again={again} report={report} />
      <ul class="netcheck-lines" aria-label="What was checked" aria-busy={running}>
        {lines.map((line) => (
          <CheckLine key={line.id} line={line} />
        ))}
      </ul>
    </div>
  );
}

function VerdictBox({ verdict, lines }: { verdict: Verdict; lines: readonly Line[] }) {
  const { tone, title, text } = verdict;
  const finished = lines.filter((line) => line.tone !== 'running' && line.tone !== 'waiting');
  return (
    <div class="netcheck-verdict" data-tone={tone}>
      <span class="netcheck-icon" data-tone={tone}>
        <Icon icon={ICONS[tone]} size={28} />
      </span>
      <div role="status">
        <h2>{title}</h2>
        <p>{text}</p>
      </div>
      {tone === 'running' && (
        <progress aria-label="Progress" max={lines.length} value={finished.length} />
      )}
    </div>
  );
}

function CheckLine({ line: { id, title, tone, text, advice } }: { line: Line }) {
  return (
    <li data-line={id}>
      <span class="netcheck-icon" data-tone={tone}>
        <Icon icon={ICONS[tone]} />
      </span>
      <div>
        <h3>{title}</h3>
        <p>
          <span class="sr-only">{STATES[tone]}</span>
          {text}
        </p>
        {advice && <p class="muted">{advice}</p>}
      </div>
    </li>
  );
}

interface ActionsProps {
  running: boolean;
  again: () => void;
  report: () => string;
}

function Actions({ running, again, report }: ActionsProps) {
  const copied = useSignal(false);
  /** The report, to copy by hand where the page may not copy. */
  const shown = useSignal('');
  const copy = async () => {
    const text = report();
    copied.value = await copyText(text);
    if (copied.value) announce('The report is copied.');
    else shown.value = text;
  };
  const restart = () => {
    if (running) return;
    copied.value = false;
    shown.value = '';
    again();
  };
  return (
    <>
      <div class="netcheck-actions">
        <button type="button" class="button small" aria-disabled={running} onClick={restart}>
          <Icon icon={RotateCw} size={20} />
          Run again
        </button>
        <button
          type="button"
          class="button small"
          aria-disabled={running}
          onClick={() => !running && void copy()}
        >
          <Icon icon={ClipboardCopy} size={20} />
          {copied.value ? 'Report copied' : 'Copy report'}
        </button>
      </div>
      {shown.value && (
        <textarea
          class="input netcheck-report"
          aria-label="Report"
          readOnly
          rows={8}
          value={shown.value}
        />
      )}
    </>
  );
}

function stateOf({ kind, on, pending, error, silenced, track }: Capture) {
  return {
    kind,
    on: on.value,
    pending: pending.value,
    error: error.value,
    silenced: silenced.value,
    label: track.value?.label,
  };
}

/** Browsers that do not report it count as touched. */
function hasBeenTouched(): boolean {
  return navigator.userActivation?.hasBeenActive ?? true;
}

/** Whether the microphone has picked up any sound yet. */
function useHeard(microphone: Capture | undefined) {
  const heard = useSignal(false);
  const track = useComputed(() => microphone?.track.value);
  const end = useRef(() => {});
  useSignalEffect(() => {
    const current = track.value;
    heard.value = false;
    if (!current) return;
    let ended = false;
    import('../media/level.ts').then(
      ({ watchLevel }) => {
        if (ended) return;
        end.current = watchLevel(current, (level) => {
          if (level < HEARD_LEVEL) return;
          heard.value = true;
          end.current();
        });
      },
      () => {},
    );
    return () => {
      ended = true;
      end.current();
      end.current = () => {};
    };
  });
  return heard;
}

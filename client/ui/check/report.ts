// The report to paste into a ticket: all results of a network check as plain text. Pure. It holds no secrets:
// its input has no credentials.
import type { CheckCandidate, NetworkState, PathResult } from '../../sdk/check/types.ts';
import type { Line, Verdict } from './line.ts';
import { bitrate, milliseconds } from './quality.ts';

export interface ReportFacts {
  /** UTC milliseconds. */
  readonly at: number;
  /** `navigator.userAgent` */
  readonly browser: string;
  /** The page's origin. */
  readonly server: string;
  readonly verdict: Verdict;
  readonly lines: readonly Line[];
  readonly network: NetworkState;
}

export function reportText({ at, browser, server, verdict, lines, network }: ReportFacts): string {
  return [
    'Parley network check',
    `Time: ${new Date(at).toISOString()}`,
    `Server: ${server}`,
    `Browser: ${browser}`,
    '',
    `Verdict: ${verdict.title}. ${verdict.text}`,
    '',
    ...lines.flatMap(({ title, tone, text, advice }) => [
      `[${MARKS[tone]}] ${title}: ${text}`,
      ...(advice ? [`     ${advice}`] : []),
    ]),
    '',
    'Details',
    ...socketDetails(network),
    ...network.results.flatMap(pathDetails),
    ...speedDetails(network),
    '',
  ]
    .join('\n')
    .replaceAll('\u00a0', ' ');
}

const MARKS = { good: 'ok', warning: '!!', bad: 'XX', running: '..', waiting: '--' } as const;

function socketDetails({ socket, paths }: NetworkState): string[] {
  const line =
    socket.state === 'works'
      ? `open in ${milliseconds(socket.openMs)}, round trip ${milliseconds(socket.roundTripMs)}`
      : socket.state === 'fails'
        ? `failed: ${socket.code}`
        : 'not finished';
  return [
    `WebSocket: ${line}`,
    ...(paths.state === 'refused' ? [`Paths: refused: ${paths.code}`] : []),
  ];
}

function pathDetails(path: PathResult): string[] {
  const { kind, url, state, failure, connectMs, quality, local, remote } = path;
  return [
    `${url ?? `direct ${kind}`}: ${state}${failure ? ` (${failure})` : ''}`,
    `  media server: ${path.addresses.join(', ') || 'no address'}`,
    ...(connectMs === null ? [] : [`  connected in: ${milliseconds(connectMs)}`]),
    ...(quality
      ? [
          `  round trip: ${quality.roundTripMs.toFixed(1)} ms, jitter: ${quality.jitterMs.toFixed(1)} ms, lost: ${(quality.lost * 100).toFixed(1)} %`,
        ]
      : []),
    ...(local && remote ? [`  pair: ${end(local)} -> ${end(remote)}`] : []),
    `  own candidates: ${path.gathered.join(', ') || 'none'}`,
    ...path.refusals.map(({ code, text }) => `  ICE error: ${code} ${text}`.trimEnd()),
  ];
}

function end({ type, protocol, address, port }: CheckCandidate): string {
  const host = address.includes(':') ? `[${address}]` : address || '(hidden)';
  return `${type} ${protocol} ${host}:${port}`;
}

function speedDetails({ speed, results }: NetworkState): string[] {
  if (speed.state !== 'measured') return [`Bandwidth: ${speed.state}`];
  const path = results.find(({ id }) => id === speed.pathId);
  const over = path?.url ?? `direct ${path?.kind}`;
  const capped = speed.capped ? ' (no more was sent)' : '';
  return [`Bandwidth: at least ${bitrate(speed.bitsPerSecond)} each way, over ${over}${capped}`];
}

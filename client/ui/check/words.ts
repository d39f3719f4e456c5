// The results of a network check in words that a caller understands: one verdict, and a line for each test.
// Pure.
import { ERROR_MESSAGES } from '../../../shared/errors.ts';
import {
  bestPath,
  type NetworkState,
  type PathResult,
  type SpeedResult,
} from '../../sdk/check/types.ts';
import type { Line, Verdict } from './line.ts';
import { bitrate, milliseconds, percent, weaknesses } from './quality.ts';
import { relayLine } from './relay-words.ts';

/** Errors of tokens: without an invitation there are no credentials for relays. */
const UNINVITED = new Set(['token_required', 'token_invalid', 'token_expired', 'token_wrong_room']);

const NOT_HERE = 'Try another network too, your phone’s for one.';

/** @param devices lines of the camera and the microphone, if they were checked */
export function verdictOf(network: NetworkState, devices: readonly Line[] = []): Verdict {
  const verdict = networkVerdict(network);
  const broken = devices.filter(({ tone }) => tone === 'bad').map(({ title }) => title);
  if (!network.done || broken.length === 0) return verdict;
  const what = broken.join(' and ').toLowerCase();
  const text = `${verdict.text} Your ${what} ${broken.length > 1 ? 'need' : 'needs'} attention: see below.`;
  if (verdict.tone !== 'good') return { ...verdict, text };
  return { tone: 'warning', title: 'Your network is fine', text };
}

function networkVerdict({ done, socket, paths, results, speed }: NetworkState): Verdict {
  if (!done) return { tone: 'running', title: 'Checking your network…', text: progressText(speed) };
  if (socket.state === 'fails' && socket.code === 'proxy_without_upgrade') {
    return { tone: 'bad', title: 'Calls will not work', text: ERROR_MESSAGES[socket.code] };
  }
  if (socket.state !== 'works') {
    const text = `The page cannot keep a connection to the server. ${NOT_HERE} If it is the same there, the server may be down: tell whoever runs it.`;
    return { tone: 'bad', title: 'Calls will not work', text };
  }
  if (paths.state === 'refused') return refusedVerdict(paths.code, paths.message);
  const best = bestPath(results);
  if (!best) {
    const relay = results.some(({ kind }) => kind === 'relay') ? ', not even through a relay' : '';
    const text = `No way to the media server is open${relay}. Copy the report for your network’s administrator. ${NOT_HERE}`;
    return { tone: 'bad', title: 'Calls will not work on this network', text };
  }
  const weak = weaknesses(best, speed);
  const because = weak.length > 0 ? ` But ${weak.join(', and ')}.` : '';
  switch (best.kind) {
    case 'udp':
      return weak.length > 0
        ? {
            tone: 'warning',
            title: 'Calls will work, but may stutter',
            text: `The way to the server is open, but ${weak.join(', and ')}.`,
          }
        : {
            tone: 'good',
            title: 'Calls will work well',
            text: 'The best way to the server is open, and it is quick enough.',
          };
    case 'tcp': {
      const udp = results.find(({ kind }) => kind === 'udp');
      const why = !udp
        ? 'This server takes sound and picture through TCP alone.'
        : udp.failure === 'blocked'
          ? 'Your network blocks UDP, so sound and picture travel through TCP.'
          : 'UDP does not work here, so sound and picture travel through TCP.';
      const text = `${why} The picture may stutter.${because}`;
      return { tone: 'warning', title: 'Calls will work, through TCP', text };
    }
    case 'relay': {
      const text = `No straight way to the media server is open. A relay helps out; the picture may come a little later.${because}`;
      return { tone: 'warning', title: 'Calls will work through a relay', text };
    }
  }
}

function progressText({ state }: SpeedResult): string {
  if (state === 'running') return 'Measuring the speed. Two more seconds.';
  return 'This takes up to fifteen seconds.';
}

function refusedVerdict(code: string, message: string): Verdict {
  const title = 'The network was not checked';
  if (!UNINVITED.has(code)) return { tone: 'warning', title, text: message };
  const text =
    'This server checks the network of invited people alone. Open your invitation, and choose “Check your network” there.';
  return { tone: 'warning', title, text };
}

export function networkLines(network: NetworkState, host: string): Line[] {
  const { socket, paths, results, speed } = network;
  const lines = [socketLine(socket, host)];
  if (socket.state === 'fails' || paths.state === 'refused') return lines;
  if (paths.state === 'waiting') {
    const waiting = { tone: 'waiting', text: 'Not checked yet' } as const;
    return [
      ...lines,
      { id: 'udp', title: 'UDP', ...waiting },
      { id: 'tcp', title: 'TCP', ...waiting },
      { id: 'relay', title: 'Relay', ...waiting },
      { id: 'speed', title: 'Speed', ...waiting },
    ];
  }
  const straight = results.some(({ kind, state }) => kind !== 'relay' && state === 'works');
  const relays = results.filter(({ kind }) => kind === 'relay');
  return [
    ...lines,
    udpLine(results),
    tcpLine(results),
    ...(relays.length === 0 ? [noRelayLine(results)] : []),
    ...relays.map((relay) => relayLine(relay, straight)),
    speedLine(speed),
  ];
}

function socketLine(socket: NetworkState['socket'], host: string): Line {
  const line = { id: 'server', title: 'Server' };
  switch (socket.state) {
    case 'running':
      return { ...line, tone: 'running', text: 'Connecting…' };
    case 'works':
      return {
        ...line,
        tone: 'good',
        text: `Connected. An answer takes ${milliseconds(socket.roundTripMs)}.`,
      };
    case 'fails':
      if (socket.code === 'proxy_without_upgrade') {
        const text = 'A proxy in front of it takes the Upgrade header away.';
        return { ...line, tone: 'bad', text, advice: ERROR_MESSAGES[socket.code] };
      }
      return {
        ...line,
        tone: 'bad',
        text: 'The connection for messages (a WebSocket) does not open.',
        advice: `If other pages do not open either, this device is offline. Otherwise ask your network’s administrator to allow WebSockets to ${host}: a proxy that looks into connections often breaks them.`,
      };
  }
}

function udpLine(results: readonly PathResult[]): Line {
  const line = { id: 'udp', title: 'UDP' };
  const udp = results.find(({ kind }) => kind === 'udp');
  if (!udp) {
    return {
      ...line,
      tone: 'warning',
      text: 'This server takes no UDP. That is its own setting, not your network’s.',
      advice: 'Whoever runs it can add “udp” to MEDIA_PROTOCOLS, for a steadier picture.',
    };
  }
  if (udp.state === 'running') return { ...line, tone: 'running', text: 'Trying…' };
  if (udp.state === 'works') return { ...line, ...open(udp) };
  const advice = allow('UDP', udp);
  if (udp.failure !== 'blocked') return { ...line, ...notBlocked(udp, advice) };
  const best = bestPath(results);
  if (!best) {
    return { ...line, tone: 'bad', text: 'Nothing gets through to the media server.', advice };
  }
  const through = best.kind === 'tcp' ? 'TCP' : 'a relay';
  return {
    ...line,
    tone: 'warning',
    text: `Your network blocks UDP. Calls work, through ${through}; the picture may stutter.`,
    advice,
  };
}

function tcpLine(results: readonly PathResult[]): Line {
  const line = { id: 'tcp', title: 'TCP' };
  const tcp = results.find(({ kind }) => kind === 'tcp');
  if (!tcp) return { ...line, tone: 'waiting', text: 'This server takes UDP alone.' };
  if (tcp.state === 'running') return { ...line, tone: 'running', text: 'Trying…' };
  if (tcp.state === 'works') return { ...line, ...open(tcp) };
  const best = bestPath(results);
  if (best?.kind === 'udp') {
    return { ...line, tone: 'waiting', text: 'Closed. It is not needed, since UDP is open.' };
  }
  const advice = allow('TCP', tcp);
  if (tcp.failure !== 'blocked') return { ...line, ...notBlocked(tcp, advice) };
  if (best) return { ...line, tone: 'warning', text: 'TCP does not get through.', advice };
  return { ...line, tone: 'bad', text: 'Nothing gets through to the media server.', advice };
}

function notBlocked(
  { failure }: PathResult,
  advice: string,
): Pick<Line, 'tone' | 'text' | 'advice'> {
  if (failure === 'handshake') {
    return {
      tone: 'bad',
      text: 'Packets get through, but no encrypted connection comes of them.',
      advice: `A firewall may look into them. ${advice}`,
    };
  }
  return { tone: 'bad', text: 'It could not be tried.', advice: 'Run the check again.' };
}

function allow(protocol: string, { addresses }: PathResult): string {
  const to = addresses.length > 0 ? addresses.join(' and ') : 'the media server';
  return `Ask your network’s administrator to allow ${protocol} to ${to}. If it is the same on every network, tell whoever runs this server.`;
}

function open({ quality }: PathResult): Pick<Line, 'tone' | 'text'> {
  if (!quality) {
    return { tone: 'warning', text: 'Open, but nothing came back in time to measure it.' };
  }
  const lost = quality.lost >= 0.005 ? `, ${percent(quality.lost)} of the packets get lost` : '';
  const text = `Open. There and back takes ${milliseconds(quality.roundTripMs)}${lost}.`;
  return { tone: 'good', text };
}

function noRelayLine(results: readonly PathResult[]): Line {
  const line = { id: 'relay', title: 'Relay' };
  const direct = results.filter(({ kind }) => kind !== 'relay');
  if (direct.every(({ kind }) => kind !== 'udp')) {
    return { ...line, tone: 'waiting', text: 'None can help where the server takes no UDP.' };
  }
  const lost = direct.length > 0 && direct.every(({ state }) => state === 'fails');
  if (!lost) return { ...line, tone: 'waiting', text: 'This server has none to offer.' };
  return {
    ...line,
    tone: 'bad',
    text: 'This server has none to offer, and here one would help.',
    advice: 'Ask whoever runs this server to add a TURN server, one that listens on port 443 too.',
  };
}

function speedLine(speed: SpeedResult): Line {
  const line = { id: 'speed', title: 'Speed' };
  switch (speed.state) {
    case 'waiting':
      return { ...line, tone: 'waiting', text: 'Measured last' };
    case 'running':
      return { ...line, tone: 'running', text: 'Measuring…' };
    case 'none':
      return { ...line, tone: 'waiting', text: 'It could not be measured.' };
    case 'measured': {
      const { bitsPerSecond } = speed;
      const text = `At least ${bitrate(bitsPerSecond)} each way.`;
      if (bitsPerSecond >= 1_500_000) return { ...line, tone: 'good', text };
      if (bitsPerSecond >= 500_000) {
        return { ...line, tone: 'warning', text: `${text} Enough for a small picture.` };
      }
      return {
        ...line,
        tone: 'warning',
        text: `${text} Too little for pictures.`,
        advice: 'Switch your camera off in calls, or come nearer to the Wi-Fi.',
      };
    }
  }
}

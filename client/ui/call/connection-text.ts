// The connection's state for the status line: always there, never alarming, never untrue. Pure.
import type { ConnectionState } from '../../sdk/session/types.ts';

export interface StatusLine {
  tone: 'calm' | 'warning';
  text: string;
}

export interface StatusFacts {
  relayOnly: boolean;
  /** Packets travel through a TURN server, asked for or not. */
  relayed?: boolean;
  /** The browser reports that it has no network. */
  offline: boolean;
}

export function statusLine(
  connection: ConnectionState,
  { relayOnly, relayed = false, offline }: StatusFacts,
): StatusLine {
  switch (connection.state) {
    case 'connected':
      return {
        tone: 'calm',
        text: relayOnly || relayed ? 'Connected through a relay' : 'Connected',
      };
    case 'reconnecting':
      if (offline) return warning('No network. Reconnecting as soon as it is back…');
      return warning(
        connection.mediaFlowing ? 'Reconnecting… people can still hear you' : 'Reconnecting…',
      );
    case 'recovering-media':
      return warning('Restoring sound and picture…');
    case 'ended':
      return { tone: 'calm', text: 'The call has ended' };
  }
}

function warning(text: string): StatusLine {
  return { tone: 'warning', text };
}

// How packets travel, in calm words. Pure.
import type { PathReport } from '../../../shared/protocol/media-messages.ts';
import { relayHost } from '../../sdk/paths/relay-servers.ts';
import type { TransportStats } from './read-stats.ts';

/** The text beside "Sending" and "Receiving". */
export function transportLine(stats: TransportStats | undefined): string {
  if (!stats || stats.path.kind === 'none') return 'Not connected';
  const { path, bitrate } = stats;
  const parts = [wayOf(path), path.protocol?.toUpperCase()];
  if (path.roundTripMs !== null) parts.push(`${Math.round(path.roundTripMs)} ms`);
  if (bitrate !== undefined) parts.push(`${(bitrate / 1e6).toFixed(2)} Mbit/s`);
  return parts.filter(Boolean).join(' · ');
}

function wayOf({ kind, server }: PathReport): string {
  if (kind === 'direct') return 'Direct';
  // Not every browser names the server.
  return server === null ? 'Relayed' : `Relayed by ${relayHost(server)}`;
}

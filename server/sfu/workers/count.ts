// Counts a mediasoup object for as long as it is open.
import type { ResourceKind, Resources } from '../../telemetry/resources.ts';

/** The part of a mediasoup worker, router, transport, producer, consumer or observer that matters. */
interface Closable {
  readonly closed: boolean;
  readonly observer: { once(event: 'close', listener: () => void): unknown };
}

/**
 * mediasoup may close an object in the very turn in which its creation is answered; then its `close`
 * was emitted before anybody could listen, and it is not counted at all.
 */
export function countWhileOpen(resources: Resources, kind: ResourceKind, object: Closable): void {
  if (!object.closed) object.observer.once('close', resources.open(kind));
}

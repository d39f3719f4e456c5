// Counts a mediasoup object for as long as it is open.
import type { ResourceKind, Resources } from '../../telemetry/resources.ts';

/** The part of a mediasoup worker, router, transport, producer, consumer or observer that matters. */
interface Closable {
  readonly closed: boolean;
  readonly observer: { once(event: 'close', listener: () => void): unknown };
}

/**
 * mediasoup may close an object in the same turn in which it answers the creation. Its `close` came before we
 * could listen then, and the object is not counted.
 */
export function countWhileOpen(resources: Resources, kind: ResourceKind, object: Closable): void {
  if (!object.closed) object.observer.once('close', resources.open(kind));
}

// Producers and consumers that the mediasoup workers of this process make from now on.
import { observer } from 'mediasoup';
import type { Consumer, Producer, Transport } from 'mediasoup/types';
import { type Owner, ownedBy } from '../server/owned.ts';

export interface NewMedia {
  onProducer?(producer: Producer, transport: Transport): void;
  onConsumer?(consumer: Consumer, transport: Transport): void;
}

/** Sees what workers make that start from now on, until the owner is done. */
export function followNewMedia(owner: Owner, { onProducer, onConsumer }: NewMedia): void {
  const stop = new AbortController();
  const onWorker: Parameters<typeof observer.on<'newworker'>>[1] = (worker) =>
    worker.observer.on('newrouter', (router) =>
      router.observer.on('newtransport', (transport) => {
        transport.observer.on('newproducer', (producer) => {
          if (!stop.signal.aborted) onProducer?.(producer, transport);
        });
        transport.observer.on('newconsumer', (consumer) => {
          if (!stop.signal.aborted) onConsumer?.(consumer, transport);
        });
      }),
    );
  observer.on('newworker', onWorker);
  ownedBy(owner).defer(() => {
    stop.abort();
    observer.off('newworker', onWorker);
  });
}

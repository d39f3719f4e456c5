// Brings a track from one router of this node onto another one. It pauses while nobody there receives it.
import type { Consumer, Producer } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import { EVERY_LAYER, NO_LAYER } from '../../../shared/protocol/media-messages.ts';
import type { Logger } from '../../telemetry/log.ts';
import { Flow } from './flow.ts';
import type { Arrived, RoomRouter, WantedTrack } from './room-router.ts';

/** @throws ParleyError `media_failed`, `unknown_track` when it is not on the router that it comes from */
export async function pipeLocally(
  track: WantedTrack,
  from: RoomRouter,
  to: RoomRouter,
  log: Logger,
): Promise<Arrived> {
  const origin = from.producerOf(track);
  if (!origin) throw new ParleyError('unknown_track');
  // The router's use of the track ends with the pipe to the other router.
  const use = from.use(origin, EVERY_LAYER, 'pipe');
  try {
    const { pipeConsumer, pipeProducer } = await from.router.pipeToRouter({
      producerId: track.producerId,
      router: to.router,
      enableSctp: false,
    });
    if (!pipeConsumer || !pipeProducer) throw new ParleyError('media_failed');
    pipeProducer.observer.once('close', () => use.end());
    if (pipeProducer.closed) use.end();
    const setFlowing = bothEnds(origin, pipeConsumer, pipeProducer, log);
    return {
      producer: pipeProducer,
      ask(demand) {
        use.want(demand);
        setFlowing(demand !== NO_LAYER);
      },
    };
  } catch (error) {
    use.end();
    throw error;
  }
}

/** @returns a function that says whether anybody receives the track. A consumer that is resumed requests a key frame. */
function bothEnds(
  origin: Producer,
  consumer: Consumer,
  producer: Producer,
  log: Logger,
): (isReceived: boolean) => void {
  // mediasoup pauses the producer with the consumer, but its command may find a worker that has closed it already.
  consumer.observer.removeAllListeners('pause');
  consumer.observer.removeAllListeners('resume');
  const ends = { consumer: new Flow(consumer, log, origin), producer: new Flow(producer, log) };
  let isReceived = true;
  const apply = () => {
    ends.producer.set(isReceived && !consumer.producerPaused);
    ends.consumer.set(isReceived);
  };
  // The track was muted where it comes from, or is not any more.
  consumer.on('producerpause', apply);
  consumer.on('producerresume', apply);
  apply();
  return (now) => {
    isReceived = now;
    apply();
  };
}

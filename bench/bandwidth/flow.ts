// From counters at two moments to what flowed between them. Pure.
import type { Flows } from './page-scripts.ts';

export interface Received {
  /** The bit rate of all pictures together. */
  kbitPerSecond: number;
  /** What the server sends only to learn how much passes. */
  probingKbit: number;
  /** Pictures that brought something. */
  pictures: number;
  /** The height of each of these pictures in pixels, the largest first. */
  heights: number[];
}

export interface Sent {
  kbitPerSecond: number;
  framesPerSecond: number;
  /** Layers that brought something, and layers that are not switched off. */
  sending: number;
  active: number;
}

/** Whether so many pictures are received and decoded. */
export function arePictures({ received }: Flows, count: number): boolean {
  return received.filter(({ height }) => height > 0).length >= count;
}

/** A stream that is there only at the end began at nothing; one that is gone is left out. */
export function received(before: Flows, after: Flows, seconds: number): Received {
  const known = new Map(before.received.map(({ id, bytes }) => [id, bytes]));
  const grown = after.received
    .map(({ id, bytes, height }) => ({ bytes: bytes - (known.get(id) ?? 0), height }))
    .filter(({ bytes }) => bytes > 0);
  const pictures = grown.filter(({ height }) => height > 0);
  const bytesOf = (flows: typeof grown) => flows.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    kbitPerSecond: kbit(bytesOf(pictures), seconds),
    probingKbit: kbit(bytesOf(grown.filter(({ height }) => height === 0)), seconds),
    pictures: pictures.length,
    heights: pictures.map(({ height }) => height).sort((a, b) => b - a),
  };
}

export function sent(before: Flows, after: Flows, seconds: number): Sent {
  const grown = after.sent.map((layer) => {
    const earlier = before.sent.find(({ id }) => id === layer.id);
    return {
      bytes: layer.bytes - (earlier?.bytes ?? 0),
      frames: layer.frames - (earlier?.frames ?? 0),
    };
  });
  return {
    kbitPerSecond: kbit(
      grown.reduce((sum, { bytes }) => sum + bytes, 0),
      seconds,
    ),
    framesPerSecond: grown.reduce((sum, { frames }) => sum + frames, 0) / seconds,
    sending: grown.filter(({ bytes }) => bytes > 0).length,
    active: after.sent.filter(({ active }) => active).length,
  };
}

/** What the encoder of a publisher is limited by. Layers that are switched off have no limit. */
export function limitOf({ sent: layers }: Flows): string {
  return layers.find(({ active, limit }) => active && limit !== 'none')?.limit ?? 'none';
}

function kbit(bytes: number, seconds: number): number {
  return (bytes * 8) / 1_000 / seconds;
}

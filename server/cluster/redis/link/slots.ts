// Hash slots of a Redis Cluster, as its specification has them.
import * as v from 'valibot';
import type { ServerAddress } from './link.ts';

const SLOTS = 16_384;

/** @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  return crc16(close > open + 1 ? key.slice(open + 1, close) : key) % SLOTS;
}

/** CRC16 of the XMODEM kind (polynomial 0x1021), which the specification names. */
function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    }
  }
  return crc;
}

export interface SlotRange {
  from: number;
  to: number;
  master: ServerAddress;
}

/** First and last slot, then the servers of the range, its master first; each with host and port. */
const SlotsReply = v.array(
  v.tupleWithRest(
    [v.number(), v.number(), v.tupleWithRest([v.unknown(), v.number()], v.unknown())],
    v.unknown(),
  ),
);

/** @param asked the host that answered: a server that does not know its own address leaves it out */
export function parseSlots(reply: unknown, asked: string): SlotRange[] {
  return v.parse(SlotsReply, reply).map(([from, to, [host, port]]) => ({
    from,
    to,
    master: { host: typeof host === 'string' && host !== '' && host !== '?' ? host : asked, port },
  }));
}

// H264 from RTP (RFC 6184, packetization modes 0 and 1), as Matroska holds it: NAL units with lengths, sets apart.
import type { Depacketizer, FrameSize, Picture } from './frames.ts';
import { avcConfiguration, parameterSetId, readSequenceParameters } from './h264-parameters.ts';

const SLICE = 1;
const LAST_SLICE = 5;
const IDR = 5;
const SEQUENCE_SET = 7;
const PICTURE_SET = 8;
const DELIMITER = 9;
const FILLER = 12;
const LAST_NAL = 23;
const STAP_A = 24;
const FU_A = 28;
/** Real ones have some tens of bytes, and a stream has one or two of each. What is longer, or more, is garbage. */
const SET_BYTES = 1_024;
const MOST_SETS = { [SEQUENCE_SET]: 4, [PICTURE_SET]: 16 } as const;

interface Config {
  config: Buffer;
  size: FrameSize;
}

export class H264 implements Depacketizer {
  readonly packetIsFrame = false;
  #chunks: Buffer[] = [];
  #picture = false;
  #idr = false;
  /** The length of the NAL unit whose fragments arrive: written when it is whole. */
  #fragment: { length: Buffer; bytes: number } | undefined;
  /** The newest parameter sets by their ids. They stay for key frames that come without. */
  readonly #sets = {
    [SEQUENCE_SET]: new Map<number, Buffer>(),
    [PICTURE_SET]: new Map<number, Buffer>(),
  };
  /** What the sets make; undefined when they changed. */
  #config: Config | undefined;

  add(payload: Buffer): boolean {
    const type = (payload[0] ?? 0) & 0x1f;
    if (type === FU_A) return this.#addFragment(payload);
    if (this.#fragment) return false;
    if (type === STAP_A) return this.#addAggregate(payload);
    return type >= 1 && type <= LAST_NAL && this.#addUnit(payload);
  }

  finish(): Picture | 'nothing' | undefined {
    const chunks = this.#chunks;
    const key = this.#idr;
    const whole = this.#fragment === undefined;
    const picture = this.#picture;
    this.reset();
    if (!whole) return undefined;
    if (!picture) return 'nothing';
    if (!key) return { key, chunks };
    this.#config ??= this.#configure();
    return this.#config && { key, chunks, ...this.#config };
  }

  reset(): void {
    this.#chunks = [];
    this.#picture = false;
    this.#idr = false;
    this.#fragment = undefined;
  }

  #addAggregate(payload: Buffer): boolean {
    let at = 1;
    while (at + 2 < payload.length) {
      const end = at + 2 + payload.readUInt16BE(at);
      if (end > payload.length || !this.#addUnit(payload.subarray(at + 2, end))) return false;
      at = end;
    }
    return at > 1 && at === payload.length;
  }

  #addUnit(unit: Buffer): boolean {
    const type = (unit[0] ?? 0) & 0x1f;
    if (unit.length === 0 || type === 0 || type > LAST_NAL) return false;
    if (type === SEQUENCE_SET || type === PICTURE_SET) return this.#keepSet(type, unit);
    if (type === DELIMITER || type === FILLER) return true;
    this.#note(type);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(unit.length);
    this.#chunks.push(length, unit);
    return true;
  }

  #addFragment(payload: Buffer): boolean {
    const indicator = payload[0] ?? 0;
    const header = payload[1];
    if (header === undefined || payload.length < 3) return false;
    const starts = (header & 0x80) !== 0;
    const ends = (header & 0x40) !== 0;
    const type = header & 0x1f;
    // Parameter sets are short, so nobody cuts them: a set in fragments would be kept nowhere.
    if (starts === (this.#fragment !== undefined) || type === 0 || type > LAST_NAL) return false;
    if (starts) {
      if (type === SEQUENCE_SET || type === PICTURE_SET) return false;
      const head = Buffer.alloc(5);
      head.writeUInt8((indicator & 0xe0) | type, 4);
      this.#note(type);
      this.#fragment = { length: head, bytes: 1 };
      this.#chunks.push(head);
    }
    const fragment = this.#fragment;
    if (!fragment) return false;
    this.#chunks.push(payload.subarray(2));
    fragment.bytes += payload.length - 2;
    if (ends) {
      fragment.length.writeUInt32BE(fragment.bytes, 0);
      this.#fragment = undefined;
    }
    return true;
  }

  #note(type: number): void {
    if (type >= SLICE && type <= LAST_SLICE) this.#picture = true;
    if (type === IDR) this.#idr = true;
  }

  #keepSet(type: typeof SEQUENCE_SET | typeof PICTURE_SET, unit: Buffer): boolean {
    if (unit.length > SET_BYTES || unit.length < 2) return false;
    const sets = this.#sets[type];
    const id = parameterSetId(unit, type === SEQUENCE_SET);
    if (sets.get(id)?.equals(unit)) return true;
    sets.delete(id);
    // A copy: the datagram would be kept in memory else.
    sets.set(id, Buffer.from(unit));
    for (const oldest of sets.keys()) {
      if (sets.size <= MOST_SETS[type]) break;
      sets.delete(oldest);
    }
    this.#config = undefined;
    return true;
  }

  #configure(): Config | undefined {
    // The newest is the last: where a sender changes ids, it is the one in use.
    const newest = [...this.#sets[SEQUENCE_SET].values()].at(-1);
    const parameters = newest && readSequenceParameters(newest);
    const pictureSets = [...this.#sets[PICTURE_SET].values()];
    if (!parameters || pictureSets.length === 0) return undefined;
    return {
      size: parameters.size,
      config: avcConfiguration([newest], pictureSets, parameters),
    };
  }
}

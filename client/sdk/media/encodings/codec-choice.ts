// The codec that the pictures of one call are sent with. It changes when a receiver cannot decode it, and does not
// change back.
import type { Device } from 'mediasoup-client';
import { isLayered, type VideoCodec, videoCodecsOf } from '../../../../shared/media/media.ts';
import {
  chooseCodec,
  type DeviceAbility,
  knownCodecs,
  type SentAs,
  UNKNOWN_ABILITY,
} from './choose-codec.ts';
import { deviceAbility } from './device-ability.ts';

/** A camera is not kept back longer than this by a browser that does not answer. */
const ABILITY_MS = 1_000;

export interface CodecChoiceOptions {
  /** The application's own choice. Undefined: the server's, by what the device does well. */
  insisted?: VideoCodec | undefined;
  /** Never rejects. */
  abilityOf?: (codecs: readonly VideoCodec[]) => Promise<DeviceAbility>;
}

export class CodecChoice {
  readonly #insisted: VideoCodec | undefined;
  readonly #abilityOf: (codecs: readonly VideoCodec[]) => Promise<DeviceAbility>;
  #preferred: readonly VideoCodec[] = ['VP8'];
  #ability: DeviceAbility = UNKNOWN_ABILITY;
  #asked: string | undefined;
  #settling: Promise<void> | undefined;
  #decodable: ReadonlySet<VideoCodec> | undefined;

  constructor({ insisted, abilityOf = deviceAbility }: CodecChoiceOptions = {}) {
    this.#insisted = insisted;
    this.#abilityOf = abilityOf;
    this.#ask();
  }

  /** What the server prefers, as its newest media session says. */
  prefer(names: readonly string[] = []): void {
    const preferred = knownCodecs(names);
    this.#preferred = preferred.length > 0 ? preferred : ['VP8'];
    this.#ask();
  }

  /** Resolves when it is known what the device does well. Undefined: nothing has to be waited for. */
  get settling(): Promise<void> | undefined {
    return this.#settling;
  }

  /** A receiver decodes these alone. @returns whether that is news */
  restrict(names: readonly string[]): boolean {
    const before = this.#decodable;
    const after = new Set(knownCodecs(names).filter((codec) => before?.has(codec) ?? true));
    // Receivers with nothing in common cannot all be pleased: those before keep their pictures.
    if (after.size === 0 || after.size === before?.size) return false;
    this.#decodable = after;
    return true;
  }

  current(device: Pick<Device, 'sendRtpCapabilities'>): SentAs {
    const codec = chooseCodec({
      preferred: this.#preferred,
      insisted: this.#insisted,
      sendable: videoCodecsOf(device.sendRtpCapabilities),
      decodable: this.#decodable,
      ability: this.#ability,
    });
    const layered = isLayered(codec) && this.#ability.codecs.get(codec)?.layered === true;
    return { codec, layered };
  }

  /** Asks the browser only where its answer matters: a call with VP8 waits for nothing. */
  #ask(): void {
    const wanted = this.#insisted ? [this.#insisted] : this.#preferred;
    const codecs = wanted.filter((codec) => codec !== 'VP8');
    if (codecs.length === 0 || codecs.join() === this.#asked) return;
    this.#asked = codecs.join();
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), ABILITY_MS);
    const settling = Promise.race([this.#abilityOf(codecs), late]).then((ability) => {
      clearTimeout(timer);
      if (ability) this.#ability = ability;
      if (this.#settling === settling) this.#settling = undefined;
    });
    this.#settling = settling;
  }
}

// The messages between a page and the call in its frame. Two cross the windows, to open a channel; all others, and
// every token, go through the channel.
import * as v from 'valibot';
import { EMBED_EVENTS, EmbedError, type EmbedEvent } from './events.ts';
import { EmbedOptions } from './options.ts';

/** Raised when a page and a frame of two releases could not understand each other. */
export const EMBED_VERSION = 1;

/** Frame to page, by `postMessage` to any origin, since the frame does not know the page yet: it holds no secret. */
const Hello = v.object({ parley: v.literal('hello'), version: v.number() });
export type Hello = v.InferOutput<typeof Hello>;

/** Page to frame, by `postMessage` to the origin of the server, with one port of the channel. */
const Connect = v.object({ parley: v.literal('connect'), version: v.number() });
export type Connect = v.InferOutput<typeof Connect>;

const events = Object.keys(EMBED_EVENTS) as EmbedEvent[];

/** Page to frame, through the channel. */
const PageMessage = v.variant('type', [
  /** At the beginning, and whenever an option changes: all of them. */
  v.object({ type: v.literal('configure'), options: EmbedOptions }),
  v.object({
    type: v.literal('command'),
    id: v.number(),
    /** A frame of an older release may not know it; it answers that then. */
    name: v.string(),
    args: v.array(v.unknown()),
  }),
]);
export type PageMessage = v.InferOutput<typeof PageMessage>;

/** Frame to page, through the channel. */
const FrameMessage = v.variant('type', [
  /** The options are in use. */
  v.object({ type: v.literal('configured') }),
  /** They are not, and this is why. */
  v.object({ type: v.literal('refused'), error: EmbedError }),
  v.object({ type: v.literal('done'), id: v.number() }),
  v.object({ type: v.literal('failed'), id: v.number(), error: EmbedError }),
  v.object({ type: v.literal('event'), name: v.picklist(events), detail: v.unknown() }),
]);
export type FrameMessage = v.InferOutput<typeof FrameMessage>;

/** Undefined: it is another message, of which a window receives many. */
export function readHello(data: unknown): Hello | undefined {
  return read(Hello, data);
}

export function readConnect(data: unknown): Connect | undefined {
  return read(Connect, data);
}

export function readPageMessage(data: unknown): PageMessage | undefined {
  return read(PageMessage, data);
}

export function readFrameMessage(data: unknown): FrameMessage | undefined {
  return read(FrameMessage, data);
}

function read<S extends v.GenericSchema>(schema: S, data: unknown): v.InferOutput<S> | undefined {
  const parsed = v.safeParse(schema, data);
  return parsed.success ? parsed.output : undefined;
}

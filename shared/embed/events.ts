// What a page is told of the call in its frame, under the names of the SDK. A page may know an older release than the
// frame: words that later releases add, such as roles, are texts here.
import * as v from 'valibot';

export const EmbedError = v.object({ code: v.string(), message: v.string() });
export type EmbedError = v.InferOutput<typeof EmbedError>;

const Track = v.object({
  id: v.string(),
  participantId: v.string(),
  source: v.string(),
  muted: v.boolean(),
});

export const EMBED_EVENTS = {
  /** The join succeeded. */
  joined: v.object({ participantId: v.string() }),
  /** Participants, their tracks or the chat changed. */
  room: v.object({
    room: v.string(),
    /** In a large room the lists have a part of the participants. */
    count: v.number(),
    participants: v.array(v.object({ id: v.string(), name: v.string(), role: v.string() })),
    tracks: v.array(Track),
    chat: v.array(
      v.object({
        id: v.string(),
        participantId: v.string(),
        name: v.string(),
        text: v.string(),
        /** UTC milliseconds. */
        sentAt: v.number(),
      }),
    ),
    /** The recording that runs now, or is paused. */
    recording: v.nullable(v.object({ id: v.string(), paused: v.boolean() })),
  }),
  /** What this participant sends. The media itself stays in the frame. */
  localTracks: v.array(v.object({ id: v.string(), source: v.string(), muted: v.boolean() })),
  /** What arrives from others. The media itself stays in the frame. */
  remoteTracks: v.array(Track),
  speakers: v.array(v.object({ participantId: v.string(), volume: v.number() })),
  /** `connected`, `reconnecting`, `recovering-media`, `ended`. */
  connection: v.object({
    state: v.string(),
    /** Why the call ended, if the participant did not leave. */
    error: v.exactOptional(EmbedError),
  }),
  /** A host muted this source. */
  mutedByHost: v.object({ source: v.string() }),
  /** A request was refused. The call goes on. */
  problem: EmbedError,
} as const;
export type EmbedEvent = keyof typeof EMBED_EVENTS;
export type EmbedDetail<E extends EmbedEvent> = v.InferOutput<(typeof EMBED_EVENTS)[E]>;

/** The detail of an event; undefined where it is not one. */
export function detailOf<E extends EmbedEvent>(
  event: E,
  detail: unknown,
): EmbedDetail<E> | undefined {
  const parsed = v.safeParse(EMBED_EVENTS[event], detail);
  return parsed.success ? (parsed.output as EmbedDetail<E>) : undefined;
}

// What a page may ask of the call in its frame, under the names of the SDK.
import * as v from 'valibot';
import { LIMITS } from '../protocol/limits.ts';
import { TEXT_LIMITS } from '../protocol/text-limits.ts';

const Id = v.pipe(v.string(), v.maxLength(LIMITS.clientIdMax));

/** The arguments of each command. */
export const EMBED_COMMANDS = {
  /** Joins as if "Join" were clicked, with the name of the options or with this one. */
  join: v.tuple([v.strictObject({ name: v.exactOptional(v.string()) })]),
  leave: v.tuple([]),
  setMuted: v.tuple([v.picklist(['microphone', 'camera']), v.boolean()]),
  /** Sharing a screen begins with a click in the frame: browsers ask for one. */
  unpublish: v.tuple([v.literal('screen')]),
  sendChat: v.tuple([v.pipe(v.string(), v.maxLength(TEXT_LIMITS.chatTextLength))]),
  muteOther: v.tuple([Id]),
  removeParticipant: v.tuple([Id]),
  'recording.start': v.tuple([]),
  'recording.setPaused': v.tuple([v.boolean()]),
  'recording.stop': v.tuple([]),
} as const;
export type EmbedCommand = keyof typeof EMBED_COMMANDS;
export type EmbedArgs<C extends EmbedCommand> = v.InferOutput<(typeof EMBED_COMMANDS)[C]>;

export function isEmbedCommand(name: string): name is EmbedCommand {
  return Object.hasOwn(EMBED_COMMANDS, name);
}

/** The arguments; undefined where they are not those of the command. */
export function argsOf<C extends EmbedCommand>(
  command: C,
  args: unknown,
): EmbedArgs<C> | undefined {
  const parsed = v.safeParse(EMBED_COMMANDS[command], args);
  // TypeScript does not connect the two lookups of the table.
  return parsed.success ? (parsed.output as EmbedArgs<C>) : undefined;
}

// Reads the options and words of a command. Node's own errors about wrong ones are for programmers.
import { parseArgs } from 'node:util';
import { UsageError } from './usage.ts';

export type Options = Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;

/** @throws UsageError when an option is not known, or lacks its value */
export function readArguments<const O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
) {
  const shape = { args: [...args], options, allowPositionals: true } as const;
  for (const token of parseArgs({ ...shape, strict: false, tokens: true }).tokens) {
    if (token.kind === 'option') check(command, options, token);
  }
  const { values, positionals } = parseArgs(shape);
  return { values, words: positionals };
}

interface OptionToken {
  name: string;
  /** As it was written, without its value, which may be a secret. */
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

function check(command: string, options: Options, token: OptionToken): void {
  const { name, rawName, value, inlineValue } = token;
  const type = Object.hasOwn(options, name) ? options[name]?.type : undefined;
  if (type === undefined) throw new UsageError(`${command} has no option ${rawName}.`);
  if (type === 'boolean') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value.`);
    return;
  }
  if (value === undefined) throw new UsageError(`${rawName} wants a value; none was given.`);
  if (!inlineValue && /^-./.test(value)) {
    throw new UsageError(
      `${rawName} wants a value, and the next word is an option. A value that begins with "-" is given as ${rawName}=VALUE.`,
    );
  }
}

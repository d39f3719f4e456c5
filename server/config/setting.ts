// One environment variable: its name, how its text becomes a value, its default and its reason.

/** How the text of a variable becomes a value. `expected` completes "… must be". */
export interface Parser<T> {
  readonly expected: string;
  /** @returns undefined when the text is not acceptable. */
  parse(text: string): T | undefined;
}

export interface Setting<T> extends Parser<T> {
  readonly name: string;
  readonly default: T;
  /** The default as documentation shows it, where the value itself explains little. */
  readonly defaultText?: string;
  /** Its meaning, its unit, and the reason for the default. For docs/configuration.md. */
  readonly about: string;
  /** Secrets are never printed, not even when they do not parse. */
  readonly secret?: boolean;
}

export function setting<T, D extends T>(
  name: string,
  parser: Parser<T>,
  options: { default: D; about: string; defaultText?: string; secret?: boolean },
): Setting<T> {
  return { name, ...parser, parse: parser.parse, ...options };
}

/** A whole number within bounds. */
export function integer(min: number, max: number): Parser<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    parse(text) {
      if (!/^-?\d{1,15}$/.test(text)) return undefined;
      const value = Number(text);
      return value >= min && value <= max ? value : undefined;
    },
  };
}

export const flag: Parser<boolean> = {
  expected: 'true or false',
  parse(text) {
    if (/^(true|1|yes|on)$/i.test(text)) return true;
    if (/^(false|0|no|off)$/i.test(text)) return false;
    return undefined;
  },
};

export function choice<const T extends string>(...values: readonly T[]): Parser<T> {
  return {
    expected: `one of ${values.join(', ')}`,
    parse: (text) => values.find((value) => value === text.toLowerCase()),
  };
}

/** Text that matches a pattern. */
export function text(pattern: RegExp, expected: string): Parser<string> {
  return { expected, parse: (value) => (pattern.test(value) ? value : undefined) };
}

/** Values separated by commas; blanks around them do not matter. */
export function list<T>(item: Parser<T>): Parser<readonly T[]> {
  return {
    expected: `a comma-separated list; each must be ${item.expected}`,
    parse(value) {
      const items = value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
        .map((part) => item.parse(part));
      // The same address twice would be bound twice, and the second time fail.
      return items.every((parsed) => parsed !== undefined) && items.length > 0
        ? ([...new Set(items)] as T[])
        : undefined;
    },
  };
}

/** The same, or absent. */
export function optional<T>(parser: Parser<T>): Parser<T | undefined> {
  return parser;
}

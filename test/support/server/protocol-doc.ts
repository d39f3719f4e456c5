// Reads docs/protocol.md: its sections, and the tables in them.
import type * as v from 'valibot';

export interface Section {
  /** Heading without its marks, as `Requests › join`. */
  title: string;
  text: string;
  /** First cells of each table in the section, without backticks. */
  tables: string[][];
}

/** Sections down to the third level; the text of `##` is what stands before its first `###`. */
export function sections(markdown: string): Map<string, Section> {
  const found = new Map<string, Section>();
  let parent = '';
  for (const part of markdown.split(/^(?=#{2,3} )/m)) {
    const match = /^(#{2,3}) (.*)\n/.exec(part);
    if (!match) continue;
    const [, marks = '', heading = ''] = match;
    const name = heading.replaceAll('`', '').trim();
    if (marks === '##') parent = name;
    const title = marks === '##' ? name : `${parent} › ${name}`;
    if (found.has(title)) throw new Error(`docs/protocol.md has two sections "${title}"`);
    found.set(title, { title, text: part, tables: tablesOf(part) });
  }
  return found;
}

/** Names of the sections right below one. */
export function below(all: Map<string, Section>, parent: string): string[] {
  return [...all.keys()].flatMap((title) =>
    title.startsWith(`${parent} › `) ? [title.slice(parent.length + 3)] : [],
  );
}

function tablesOf(text: string): string[][] {
  const tables: string[][] = [];
  let rows: string[] | undefined;
  for (const line of text.split('\n')) {
    const cell = /^\|([^|]*)\|/.exec(line)?.[1]?.trim();
    if (cell === undefined) {
      rows = undefined;
    } else if (!rows) {
      // The header row opens a table.
      rows = [];
      tables.push(rows);
    } else if (!/^[-: ]+$/.test(cell)) {
      rows.push(cell.replaceAll('`', ''));
    }
  }
  return tables;
}

/** Field names of an object schema; none for any other schema. */
export function fieldsOf(schema: v.GenericSchema): string[] {
  const { entries } = schema as { entries?: Record<string, unknown> };
  return entries ? Object.keys(entries) : [];
}

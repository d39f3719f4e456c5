// The examples of a page of documentation, as files.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../../..');

export function readDoc(name: string): string {
  return readFileSync(path.join(ROOT, 'docs', name), 'utf8');
}

/** The blocks of TypeScript whose first line names a file: name → content. */
export function examplesIn(page: string): Map<string, string> {
  const blocks = page.matchAll(/^```ts\n(\/\/ (\S+\.ts)\n[\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, text = '', name = '']) => [name, text]));
}

/** The first cells of the rows of the table whose head begins with this cell, without their code marks. */
export function rowsOf(page: string, head: string): string[] {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  if (at < 0) throw new Error(`there is no table with the head "${head}"`);
  const rest = lines.slice(at + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end < 0 ? undefined : end).flatMap((line) => {
    const [, cell = ''] = line.split('|');
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  });
}

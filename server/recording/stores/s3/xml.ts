// Reads and writes the XML of S3's answers: elements and text. A strict reader, so that half an answer is none. Pure.

export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** S3's answers have five levels. Deeper ones would only fill the memory. */
const MAX_DEPTH = 20;
const NAME = '[A-Za-z_][\\w.:-]*';
const TOKEN = new RegExp(
  [
    '<\\?[\\s\\S]*?\\?>',
    '<!--[\\s\\S]*?-->',
    '<!\\[CDATA\\[([\\s\\S]*?)\\]\\]>',
    `</(${NAME})\\s*>`,
    `<(${NAME})(?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*\\s*(/?)>`,
    '([^<]+)',
  ].join('|'),
  'y',
);

/** @throws Error for what is cut off, or is no XML of this kind (a document type, for example) */
export function readXml(source: string): XmlElement {
  interface Open {
    name: string;
    children: XmlElement[];
    text: string;
  }
  const top: Open = { name: '', children: [], text: '' };
  const open: Open[] = [top];
  const text = source.replace(/^\uFEFF/, '');
  for (let at = 0; at < text.length; ) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    const within = open.at(-1);
    if (!match || within === undefined) throw new Error('the answer is no XML');
    at = TOKEN.lastIndex;
    const [, cdata, closing, opening, isEmpty, plain] = match;
    if (cdata !== undefined) within.text += cdata;
    if (plain !== undefined) within.text += decoded(plain);
    if (opening !== undefined) {
      const element: Open = { name: local(opening), children: [], text: '' };
      within.children.push(element);
      if (isEmpty !== '/') open.push(element);
      if (open.length > MAX_DEPTH) throw new Error('the answer is nested too deep');
    }
    if (closing !== undefined) {
      if (open.length === 1 || within.name !== local(closing)) {
        throw new Error(`the answer ends ${local(closing)}, which is not open`);
      }
      open.pop();
    }
  }
  const [root] = top.children;
  if (open.length > 1 || root === undefined || top.children.length > 1 || top.text.trim() !== '') {
    throw new Error('the answer is cut off');
  }
  return root;
}

/** The text of the first child of that name. */
export function textOf(element: XmlElement | undefined, name: string): string | undefined {
  return element?.children.find((child) => child.name === name)?.text;
}

export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** Text as it stands in XML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"'\r\n\t]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function decoded(text: string): string {
  return text.replace(/&([^;]{0,10});?/g, (whole, name: string) => {
    if (!whole.endsWith(';')) throw new Error('the answer has a & that begins nothing');
    const named = ENTITIES[name];
    if (named !== undefined) return named;
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(name) ?? [];
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    if (!(code <= 0x10ffff)) throw new Error(`the answer has an unknown entity, ${name}`);
    return String.fromCodePoint(code);
  });
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

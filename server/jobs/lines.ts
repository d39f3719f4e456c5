// Lines of a program's output, each and all together with a bound.

/** Cuts a stream of text into lines, and lines that are too long at their bound. Empty ones are left out. */
export class LineCutter {
  readonly #maxLength: number;
  readonly #onLine: (line: string) => void;
  #rest = '';
  /** The line was cut: what follows of it is dropped. */
  #isCut = false;

  /** @param maxLength characters */
  constructor(maxLength: number, onLine: (line: string) => void) {
    this.#maxLength = maxLength;
    this.#onLine = onLine;
  }

  add(text: string): void {
    // ffmpeg ends its progress line with a carriage return.
    const lines = text.split(/\r\n|\n|\r/);
    const last = lines.pop() ?? '';
    for (const line of lines) {
      this.#append(line);
      this.end();
    }
    this.#append(last);
  }

  /** What there is of the last line is a line. */
  end(): void {
    const line = this.#rest;
    const isWorth = line !== '' || this.#isCut;
    this.#rest = '';
    this.#isCut = false;
    if (isWorth) this.#onLine(line);
  }

  #append(text: string): void {
    if (this.#isCut) return;
    this.#rest += text;
    if (this.#rest.length <= this.#maxLength) return;
    this.#rest = this.#rest.slice(0, this.#maxLength);
    this.#isCut = true;
  }
}

/** The last lines that fit. */
export class Tail {
  readonly #maxLength: number;
  readonly #lines: string[] = [];
  #length = 0;

  /** @param maxLength characters, the ends of lines included */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#length += line.length + 1;
    while (this.#length > this.#maxLength && this.#lines.length > 1) {
      this.#length -= (this.#lines.shift()?.length ?? 0) + 1;
    }
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}

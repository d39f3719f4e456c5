// Every error of an embedded call: a code and a sentence, as in the SDK.

export class EmbedError extends Error {
  /** A code of the server, or `bad_option`, `unreachable`, `closed`. */
  readonly code: string;
  /** The option or attribute that is wrong, with the code `bad_option`. */
  readonly option: string | undefined;

  constructor(code: string, message: string, option?: string) {
    super(message);
    this.name = 'EmbedError';
    this.code = code;
    this.option = option;
  }
}

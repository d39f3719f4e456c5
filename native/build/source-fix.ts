// The one defect of the worker's source that must be mended to build it against Debian's OpenSSL.

import { ProvisionError } from '../errors.ts';

export interface SourceFix {
  /** Path below the package's `worker/` folder. */
  file: string;
  find: string;
  replace: string;
}

/**
 * The callback asks whether the operation *is* BIO_CB_RETURN, but OpenSSL sets that bit together
 * with the kind of operation. So the callback answers 1 ("yes, done") to every control call that
 * has returned, among them "do you send through the kernel's TLS?". An OpenSSL with kernel TLS, as
 * Debian's, then allocates no write buffer and crashes in the first DTLS handshake.
 */
export const DTLS_BIO_CALLBACK_FIX: SourceFix = {
  file: 'src/RTC/DtlsTransport.cpp',
  find: '(operationType == BIO_CB_RETURN) ?',
  replace: '((operationType & BIO_CB_RETURN) != 0) ?',
};

/** The text with the fix in. Throws ProvisionError unless the defect is there exactly once. */
export function applySourceFix(text: string, fix: SourceFix): string {
  const count = text.split(fix.find).length - 1;
  if (count !== 1) {
    throw new ProvisionError(
      `${fix.file} of this mediasoup has the text "${fix.find}" ${count} times instead of once: ` +
        'see whether native/build/source-fix.ts is still needed, and adapt it',
    );
  }
  // A function, because "$&" and the like are special in a replacement string.
  return text.replace(fix.find, () => fix.replace);
}

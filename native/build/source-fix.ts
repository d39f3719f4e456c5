// What is mended in the worker's source when it is built here: a defect that only Debian's OpenSSL shows, one that every
// build of this mediasoup has, and a wait that layers which come and go make needless.

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

/**
 * OpenSSL wants the thread's queue of errors empty before a call whose outcome is asked with SSL_get_error.
 * mediasoup leaves an error there whenever a transport is closed within its handshake ("shutdown while in
 * init"). The next packet of DTLS that asks for nothing, such as the end of a handshake that arrives twice on a slow
 * network, then closes the connection of whoever sent it: one participant leaves while joining, and another one,
 * who has nothing to do with it, stays black.
 */
export const EMPTY_ERROR_QUEUE_FIXES: readonly SourceFix[] = [
  {
    file: 'src/RTC/DtlsTransport.cpp',
    find: 'read = SSL_read(this->ssl,',
    replace: 'ERR_clear_error();\n\t\tread = SSL_read(this->ssl,',
  },
  {
    file: 'src/RTC/DtlsTransport.cpp',
    find: 'const int written = SSL_write(this->ssl,',
    replace: 'ERR_clear_error();\n\t\tconst int written = SSL_write(this->ssl,',
  },
];

/**
 * mediasoup moves a consumer to a layer only when that has been active for two seconds, if the consumer's own layer has
 * been: a layer that begins may end again. Here a layer begins because a participant looks (dynacast), who then waits
 * for those seconds. The consumer stays on its layer until the first key frame of the other, so an early move interrupts
 * nothing.
 */
export const YOUNG_LAYER_FIX: SourceFix = {
  file: 'src/RTC/SimulcastProducerStreamManager.cpp',
  find: 'constexpr int64_t StreamMinActiveMs{ 2000 };',
  replace: 'constexpr int64_t StreamMinActiveMs{ 0 };',
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

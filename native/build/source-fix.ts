// What is mended in the worker's source when it is built here: a defect that only Debian's OpenSSL shows, one that every
// build of this mediasoup has, and two waits: for a layer that has begun, and for one that has ended.

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

/**
 * A browser whose uplink gets worse leaves out the highest layer at once. mediasoup notices after a second and a half
 * without a packet, and for as long whoever received that layer sees a still picture. Here the lower layers tell: a layer
 * of which nothing came for 300 ms, while five frames of a lower one did, has ended. A sender that stands still as a
 * whole changes nothing, and neither does a screen at a frame a second.
 */
export const ENDED_LAYER_FIXES: readonly SourceFix[] = [
  {
    file: 'include/RTC/RTP/RtpStreamRecv.hpp',
    find: '\t\t\tbool HasRtpInactivityCheckEnabled() const\n',
    replace:
      '\t\t\tvoid LowerLayerFrameReceived();\n\n\t\t\tbool HasRtpInactivityCheckEnabled() const\n',
  },
  {
    file: 'include/RTC/RTP/RtpStreamRecv.hpp',
    find: '\t\t\tbool inactive{ false };\n',
    replace:
      '\t\t\tbool inactive{ false };\n' +
      '\t\t\tuint32_t lowerLayerFrames{ 0 };\n' +
      '\t\t\tint64_t lowerLayerFramesSinceMs{ 0 };\n',
  },
  {
    file: 'src/RTC/RTP/RtpStreamRecv.cpp',
    find: '\t\tbool RtpStreamRecv::ReceivePacket(RTP::Packet* packet, int64_t receivedAtUs)\n\t\t{\n',
    replace: `\t\tvoid RtpStreamRecv::LowerLayerFrameReceived()
\t\t{
\t\t\tif (this->inactive || !this->inactivityCheckPeriodicTimer)
\t\t\t{
\t\t\t\treturn;
\t\t\t}

\t\t\tconst int64_t nowMs = this->shared->GetTimeMs();

\t\t\tif (this->lowerLayerFrames++ == 0)
\t\t\t{
\t\t\t\tthis->lowerLayerFramesSinceMs = nowMs;
\t\t\t}

\t\t\tif (this->lowerLayerFrames >= 5 && nowMs - this->lowerLayerFramesSinceMs >= 300)
\t\t\t{
\t\t\t\tOnTimer(this->inactivityCheckPeriodicTimer);
\t\t\t}
\t\t}

\t\tbool RtpStreamRecv::ReceivePacket(RTP::Packet* packet, int64_t receivedAtUs)
\t\t{
`,
  },
  {
    // Not for retransmissions and padding: a browser that tries whether there is more bandwidth sends those.
    file: 'src/RTC/RTP/RtpStreamRecv.cpp',
    find: '\n\t\t\t// Restart the inactivityCheckPeriodicTimer.\n',
    replace:
      '\n\t\t\tthis->lowerLayerFrames = 0;\n\n\t\t\t// Restart the inactivityCheckPeriodicTimer.\n',
  },
  {
    file: 'src/RTC/Producer.cpp',
    find: '\t\tif (packet->IsKeyFrame())\n\t\t{\n\t\t\tMS_DEBUG_TAG(\n\t\t\t  rtp,\n\t\t\t  "key frame received',
    replace: `\t\t// The end of a frame: layers above it should have one too.
\t\tif (!isRtx && packet->HasMarker() && packet->GetPayloadLength() > 0)
\t\t{
\t\t\tfor (size_t idx = rtpStream->GetEncodingIdx() + 1; idx < this->rtpStreamByEncodingIdx.size(); ++idx)
\t\t\t{
\t\t\t\tif (auto* higher = this->rtpStreamByEncodingIdx[idx])
\t\t\t\t{
\t\t\t\t\thigher->LowerLayerFrameReceived();
\t\t\t\t}
\t\t\t}
\t\t}

\t\tif (packet->IsKeyFrame())
\t\t{
\t\t\tMS_DEBUG_TAG(
\t\t\t  rtp,
\t\t\t  "key frame received`,
  },
];

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

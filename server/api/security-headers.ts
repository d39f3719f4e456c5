// The headers that keep other sites out of the pages.

/**
 * The features that a call needs, and no others. Not for other sites in a frame; where we are in one, the page around it
 * has to lend them as well.
 */
export const PERMISSIONS_POLICY = [
  'camera=(self)',
  'microphone=(self)',
  'display-capture=(self)',
  'fullscreen=(self)',
  'speaker-selection=(self)',
  'screen-wake-lock=(self)',
  'clipboard-write=(self)',
  'autoplay=(self)',
  'picture-in-picture=(self)',
  'geolocation=()',
  'payment=()',
  'usb=()',
].join(', ');

/** @param framedBy sources of pages that may frame this one */
export function contentSecurityPolicy(framedBy: readonly string[]) {
  return {
    useDefaults: false,
    directives: {
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      'img-src': ["'self'", 'data:', 'blob:'],
      'media-src': ["'self'", 'blob:', 'mediastream:'],
      'connect-src': ["'self'"],
      'font-src': ["'self'"],
      'worker-src': ["'self'"],
      'manifest-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'self'", ...framedBy],
    },
  };
}

export function securityHeaders(https: boolean) {
  return {
    contentSecurityPolicy: contentSecurityPolicy([]),
    // A self-signed certificate must not be remembered for a hostname.
    strictTransportSecurity: false,
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: 'no-referrer' as const },
    originAgentCluster: https,
  };
}

// Whether this browser can make calls. Apart from what else is known of it: the first page needs it.

/** Whether this browser can take part in a call at all. */
export function canCall(): boolean {
  return typeof RTCPeerConnection === 'function' && typeof WebSocket === 'function';
}

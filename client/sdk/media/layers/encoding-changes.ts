// Changes to the encodings of a sender, one after the other: a browser refuses one that began before another ended.

const turns = new WeakMap<RTCRtpSender, Promise<unknown>>();

/**
 * @param change from the encodings of that moment; undefined: they need no change
 * @returns false when the browser refused
 */
export function changeEncodings(
  sender: RTCRtpSender,
  change: (now: RTCRtpEncodingParameters[]) => RTCRtpEncodingParameters[] | undefined,
): Promise<boolean> {
  const turn = (turns.get(sender) ?? Promise.resolve()).then(async () => {
    try {
      const parameters = sender.getParameters();
      const encodings = change(parameters.encodings);
      if (encodings) await sender.setParameters({ ...parameters, encodings });
      return true;
    } catch {
      return false;
    }
  });
  turns.set(sender, turn);
  return turn;
}

// Copies the link to the call, or shows it to be copied by hand.
import { roomLink } from '../../address.ts';
import { announce } from '../../kit/announcer.tsx';
import { copyText } from '../../kit/clipboard.ts';
import { DONE, notify } from '../../kit/notices.tsx';

export async function copyRoomLink(room: string): Promise<boolean> {
  const link = roomLink(location.origin, room);
  const copied = await copyText(link);
  if (copied) announce('The link is copied.');
  else notify({ text: `Copy this link by hand: ${link}`, action: DONE });
  return copied;
}

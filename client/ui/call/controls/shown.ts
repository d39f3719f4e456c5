// Which buttons a call shows: all of them, or those that the page around its frame chose.
import type { EmbedButton } from '../../../../shared/embed/options.ts';
import type { RoomSession } from '../../room/session.ts';

export function shows({ embedding }: RoomSession, button: EmbedButton): boolean {
  return embedding.value?.buttons?.includes(button) ?? true;
}

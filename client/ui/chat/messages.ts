// How chat messages are shown: grouped by author, counted while unread. Pure.
import type { ChatMessage } from '../../../shared/room/room.ts';

export interface MessageGroup {
  /** The id of its first message, which is constant while the group grows. */
  id: string;
  participantId: string;
  name: string;
  sentAt: number;
  messages: ChatMessage[];
}

/** Messages of one author within this time share one name and time. */
const GROUP_MS = 3 * 60_000;

export function groupMessages(chat: readonly ChatMessage[]): MessageGroup[] {
  const groups: MessageGroup[] = [];
  for (const message of chat) {
    const last = groups.at(-1);
    const previous = last?.messages.at(-1);
    if (
      last &&
      previous &&
      last.participantId === message.participantId &&
      last.name === message.name &&
      message.sentAt - previous.sentAt < GROUP_MS
    ) {
      last.messages.push(message);
    } else {
      const { id, participantId, name, sentAt } = message;
      groups.push({ id, participantId, name, sentAt, messages: [message] });
    }
  }
  return groups;
}

/**
 * The messages after the last one seen. History is cut at its old end, so when the last one seen is gone, all
 * messages are newer.
 *
 * @param seenId undefined: no message has been seen, and none counts as new
 */
export function newMessages(
  chat: readonly ChatMessage[],
  seenId: string | undefined,
  selfId: string,
): ChatMessage[] {
  const index = seenId === undefined ? -1 : chat.findIndex(({ id }) => id === seenId);
  return chat.slice(index + 1).filter(({ participantId }) => participantId !== selfId);
}

export function unreadLabel(count: number): string {
  return count > 99 ? '99+' : String(count);
}

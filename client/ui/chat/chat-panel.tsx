// The chat: beside the stage, or over it on a phone.
import { useSignal } from '@preact/signals';
import { SendHorizontal, X } from 'lucide';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { LIMITS } from '../../../shared/protocol/limits.ts';
import { isChatText } from '../../../shared/protocol/text.ts';
import type { CallModel } from '../call/call-model.ts';
import { useReturnFocus } from '../call/return-focus.ts';
import { Icon } from '../kit/icon.tsx';
import { linkify } from './linkify.ts';
import { groupMessages, type MessageGroup } from './messages.ts';

export function ChatPanel({ model }: { model: CallModel }) {
  const groups = groupMessages(model.room.value.chat);
  const close = () => {
    model.sidePanel.value = undefined;
  };
  useReturnFocus();
  return (
    <aside
      class="panel side chat"
      aria-label="Chat messages"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <header class="panel-head">
        <h2>Chat</h2>
        <button type="button" class="button quiet square" aria-label="Close" onClick={close}>
          <Icon icon={X} />
        </button>
      </header>
      <Log groups={groups} selfId={model.selfId} />
      <Composer model={model} />
    </aside>
  );
}

function Log({ groups, selfId }: { groups: readonly MessageGroup[]; selfId: string }) {
  const element = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const last = groups.at(-1)?.messages.at(-1)?.id;
  useLayoutEffect(() => {
    // Scrolls down only if the reader was at the end.
    if (atEnd.current && element.current) element.current.scrollTop = element.current.scrollHeight;
  }, [last]);
  return (
    <div
      ref={element}
      class="chat-log"
      role="log"
      aria-label="Messages"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also with the keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
      }}
    >
      {groups.length === 0 && (
        <p class="chat-empty">Nothing written yet. Everybody in the call reads along.</p>
      )}
      {groups.map((group) => (
        <Group key={group.id} group={group} own={group.participantId === selfId} />
      ))}
    </div>
  );
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });

function Group({ group, own }: { group: MessageGroup; own: boolean }) {
  return (
    <div class="chat-group" data-own={own}>
      <p class="chat-author">
        <bdi>{group.name}</bdi>
        <time dateTime={new Date(group.sentAt).toISOString()}>{TIME.format(group.sentAt)}</time>
      </p>
      {group.messages.map(({ id, text }) => (
        <p key={id} class="chat-text" dir="auto">
          {linkify(text).map((part, index) =>
            part.href === undefined ? (
              part.text
            ) : (
              // Isolated, so that control characters around a link cannot reverse it.
              <bdi key={index} dir="ltr">
                <a
                  href={part.href}
                  title={part.href}
                  target="_blank"
                  rel="noopener noreferrer nofollow"
                >
                  {part.text}
                </a>
                {part.realHost !== undefined && ` (${part.realHost})`}
              </bdi>
            ),
          )}
        </p>
      ))}
    </div>
  );
}

function Composer({ model }: { model: CallModel }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const text = useSignal('');
  const problem = useSignal('');
  useEffect(() => field.current?.focus(), []);
  const send = async () => {
    const message = text.value.trim();
    if (!isChatText(message)) return;
    text.value = '';
    problem.value = '';
    try {
      await model.call.sendChat(message);
    } catch (error) {
      // Restores the message that was not sent.
      if (text.value === '') text.value = message;
      problem.value = error instanceof Error ? error.message : '';
    }
  };
  return (
    <form
      class="chat-form"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {problem.value && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
      <textarea
        ref={field}
        class="input"
        aria-label="Message"
        placeholder="Message"
        rows={1}
        dir="auto"
        enterkeyhint="send"
        maxLength={LIMITS.chatTextLength}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          void send();
        }}
      />
      <button
        type="submit"
        class="button primary square"
        aria-label="Send"
        aria-disabled={text.value.trim() === ''}
      >
        <Icon icon={SendHorizontal} size={20} />
      </button>
    </form>
  );
}

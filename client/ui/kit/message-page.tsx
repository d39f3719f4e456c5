// A page with one message and the next steps. Its heading takes the focus.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface MessagePageProps {
  title: string;
  text?: ComponentChildren;
  /** Buttons and links. */
  children?: ComponentChildren;
}

export function MessagePage({ title, text, children }: MessagePageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Parley`;
    heading.current?.focus();
  }, [title]);
  return (
    <main class="message-page">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {text && <p>{text}</p>}
      <div class="actions">{children}</div>
    </main>
  );
}

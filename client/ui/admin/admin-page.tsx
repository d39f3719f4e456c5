// The operator's page: the TURN servers and the media nodes. It requires the AUTH_TOKEN.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Brand } from '../kit/brand.tsx';
import { AdminModel } from './admin-model.ts';
import { Dashboard } from './dashboard.tsx';
import { SignIn } from './sign-in.tsx';
import { keptToken } from './token-store.ts';
import '../styles/panels.css';
import '../styles/admin.css';

export function AdminPage() {
  const token = useSignal(keptToken.get());
  const model = useSignal<AdminModel | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = 'Operator · Parley';
  }, []);
  useEffect(() => {
    if (token.value === undefined) return;
    const opened = new AdminModel(token.value, (error) => {
      problem.value = error.code === 'unauthorized' ? 'That is not its AUTH_TOKEN.' : error.message;
      signOut();
    });
    model.value = opened;
    // The form is gone, and the focus with it.
    heading.current?.focus();
    return () => {
      opened.close();
      model.value = undefined;
    };
  }, [token.value]);
  const signOut = () => {
    keptToken.set(undefined);
    token.value = undefined;
  };
  return (
    <div class="admin">
      <header class="admin-head">
        <Brand />
        {token.value !== undefined && (
          <button
            type="button"
            class="button small"
            onClick={() => {
              problem.value = undefined;
              signOut();
            }}
          >
            Sign out
          </button>
        )}
      </header>
      <main>
        <h1 ref={heading} tabIndex={-1}>
          Operator
        </h1>
        {token.value === undefined ? (
          <SignIn
            intro="For whoever runs this server: its relays, its media nodes, and why somebody sees black."
            problem={problem.value}
            onToken={(typed, keep) => {
              problem.value = undefined;
              if (keep) keptToken.set(typed);
              token.value = typed;
            }}
          />
        ) : (
          model.value && <Dashboard model={model.value} />
        )}
      </main>
    </div>
  );
}

// The operator's page: the TURN servers and the media nodes, for whoever has the AUTH_TOKEN.
import { useEffect } from 'preact/hooks';
import { Brand } from '../kit/brand.tsx';

export function AdminPage() {
  useEffect(() => {
    document.title = 'Operator · Parley';
  }, []);
  return (
    <div class="admin">
      <header>
        <Brand />
      </header>
      <main>
        <h1>Operator</h1>
      </main>
    </div>
  );
}

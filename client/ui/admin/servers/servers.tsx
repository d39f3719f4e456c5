// The TURN servers, a card each: their state and its reason, their load, and the actions on them.
import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { TurnServerView } from '../../../../shared/api/admin.ts';
import { announce } from '../../kit/announcer.tsx';
import type { AdminModel } from '../admin-model.ts';
import {
  addressState,
  bestRoundTrip,
  formatBitrate,
  formatCount,
  loadText,
  serverState,
} from '../admin-words.ts';
import { ApiError } from '../api-request.ts';
import { Fact } from '../fact.tsx';
import { AddServer } from './add-server.tsx';
import { Badge } from './badge.tsx';
import { DrainDialog, RemoveDialog } from './server-dialogs.tsx';

export interface ServersProps {
  model: AdminModel;
  servers: readonly TurnServerView[];
}

export function Servers({ model, servers }: ServersProps) {
  const id = useId();
  const adding = useSignal(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef(servers.length);
  useEffect(() => {
    // The button that had the focus went with the removed server.
    const { activeElement, body } = document;
    const isLost = activeElement === null || activeElement === body;
    if (servers.length < before.current && isLost) heading.current?.focus();
    before.current = servers.length;
  }, [servers.length]);
  return (
    <section class="admin-section" aria-labelledby={id}>
      <div class="admin-section-head">
        <h2 ref={heading} id={id} tabIndex={-1}>
          TURN servers
        </h2>
        <button
          type="button"
          class="button small"
          onClick={() => {
            adding.value = true;
          }}
        >
          Add a server
        </button>
      </div>
      {servers.length === 0 ? (
        <p class="muted">There is none.</p>
      ) : (
        <ul class="admin-list">
          {servers.map((server) => (
            <Server key={server.id} model={model} server={server} />
          ))}
        </ul>
      )}
      {adding.value && (
        <AddServer
          model={model}
          onClose={() => {
            adding.value = false;
          }}
        />
      )}
    </section>
  );
}

function Server({ model, server }: { model: AdminModel; server: TurnServerView }) {
  const title = useId();
  const { id, region, weight, sessions, relayed, bitrate, refusals, urls } = server;
  return (
    <li class="admin-card">
      <article aria-labelledby={title}>
        <header class="admin-card-head">
          <h3 id={title}>{id}</h3>
          <Badge {...serverState(server)} />
        </header>
        <ul class="addresses">
          {urls.map((url) => (
            <li key={url.url}>
              <code>{url.url}</code> <Badge {...addressState(url)} />
            </li>
          ))}
        </ul>
        <dl class="facts">
          <Fact name="Sessions" value={formatCount(sessions)} />
          <Fact name="Relayed" value={formatCount(relayed)} />
          <Fact name="Allocations" value={loadText(server)} />
          <Fact name="Bit rate" value={formatBitrate(bitrate)} />
          <Fact name="Refusals" value={formatCount(refusals)} />
          <Fact name="Round trip" value={bestRoundTrip(server)} />
          <Fact name="Weight" value={String(weight)} />
          {region !== null && <Fact name="Region" value={region} />}
        </dl>
        <Actions model={model} server={server} />
      </article>
    </li>
  );
}

function Actions({ model, server }: { model: AdminModel; server: TurnServerView }) {
  const { id, draining, origin } = server;
  const open = useSignal<'drain' | 'remove' | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const close = () => {
    open.value = undefined;
  };
  const resume = async () => {
    problem.value = undefined;
    try {
      await model.act((api) => api.resume(id));
      announce(`${id} takes sessions again.`);
    } catch (error) {
      problem.value = error instanceof ApiError ? error.message : String(error);
    }
  };
  return (
    <div class="admin-actions">
      {draining !== null && (
        <button
          type="button"
          class="button small"
          aria-label={`Resume ${id}`}
          onClick={() => void resume()}
        >
          Resume
        </button>
      )}
      {draining !== 'move' && (
        <button
          type="button"
          class="button small"
          aria-label={`Drain ${id}`}
          onClick={() => {
            open.value = 'drain';
          }}
        >
          Drain…
        </button>
      )}
      {origin === 'operator' ? (
        <button
          type="button"
          class="button small quiet"
          aria-label={`Remove ${id}`}
          onClick={() => {
            open.value = 'remove';
          }}
        >
          Remove…
        </button>
      ) : (
        <span class="muted small-text">From the configuration</span>
      )}
      {problem.value !== undefined && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
      {open.value === 'drain' && <DrainDialog model={model} server={server} onClose={close} />}
      {open.value === 'remove' && <RemoveDialog model={model} server={server} onClose={close} />}
    </div>
  );
}

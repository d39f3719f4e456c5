// The one menu that can be open: above everything, next to the button that opened it.
import { signal } from '@preact/signals';
import { Check, type IconNode } from 'lucide';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

export interface MenuItem {
  label: string;
  icon?: IconNode;
  /** When given, the entry is a choice of its group: checked or not. */
  checked?: boolean;
  /** The key with the same effect, shown beside it. */
  shortcut?: string;
  danger?: boolean;
  run: () => void;
}

export interface MenuGroup {
  label?: string;
  items: readonly MenuItem[];
}

interface OpenMenu {
  anchor: HTMLElement;
  label: string;
  groups: readonly MenuGroup[];
}

const open = signal<OpenMenu | undefined>(undefined);

/** Opens a menu at its button, or closes the open one. */
export function toggleMenu(anchor: HTMLElement, label: string, groups: readonly MenuGroup[]): void {
  open.value = open.value?.anchor === anchor ? undefined : { anchor, label, groups };
}

export function closeMenu(): void {
  const anchor = open.value?.anchor;
  open.value = undefined;
  if (anchor?.isConnected) anchor.focus();
}

/** Mounted once, last on the page. */
export function MenuLayer() {
  const menu = open.value;
  return menu ? <Menu key={menu.label} {...menu} /> : null;
}

function Menu({ anchor, label, groups }: OpenMenu) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const node = element.current;
    if (!node) return;
    place(node, anchor);
    items(node)[0]?.focus();
    anchor.setAttribute('aria-expanded', 'true');
    const close = (event: Event) => {
      if (
        event.target instanceof Node &&
        (node.contains(event.target) || anchor.contains(event.target))
      )
        return;
      open.value = undefined;
    };
    addEventListener('pointerdown', close, true);
    addEventListener('resize', close);
    return () => {
      anchor.setAttribute('aria-expanded', 'false');
      removeEventListener('pointerdown', close, true);
      removeEventListener('resize', close);
    };
  }, [anchor]);
  return (
    <div
      ref={element}
      class="menu"
      role="menu"
      aria-label={label}
      tabIndex={-1}
      onKeyDown={moveFocus}
    >
      {groups.map((group, index) => (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset has no place in a menu
        <div key={group.label ?? index} role="group" aria-label={group.label} class="menu-group">
          {group.label && <p aria-hidden="true">{group.label}</p>}
          {group.items.map((item) => (
            <Item key={item.label} item={item} />
          ))}
        </div>
      ))}
    </div>
  );
}

function Item({ item }: { item: MenuItem }) {
  const choice = item.checked !== undefined;
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: with `checked` it is a menuitemradio
    <button
      type="button"
      class="menu-item"
      data-danger={item.danger}
      data-shortcut={item.shortcut}
      aria-keyshortcuts={item.shortcut}
      role={choice ? 'menuitemradio' : 'menuitem'}
      aria-checked={item.checked}
      tabIndex={-1}
      onClick={() => {
        closeMenu();
        item.run();
      }}
    >
      <span class="menu-icon">
        {item.checked ? (
          <Icon icon={Check} size={18} />
        ) : (
          item.icon && <Icon icon={item.icon} size={18} />
        )}
      </span>
      <span class="menu-label">{item.label}</span>
    </button>
  );
}

/** WAI-ARIA menu pattern: arrows, Home and End move, Escape and Tab close. */
function moveFocus(event: KeyboardEvent): void {
  if (!(event.currentTarget instanceof HTMLElement)) return;
  const all = items(event.currentTarget);
  const at = all.findIndex((item) => item.matches(':focus'));
  const to: Record<string, number> = {
    ArrowDown: (at + 1) % all.length,
    ArrowUp: (at - 1 + all.length) % all.length,
    Home: 0,
    End: all.length - 1,
  };
  const next = to[event.key];
  if (next !== undefined) all[next]?.focus();
  else if (event.key === 'Escape' || event.key === 'Tab') closeMenu();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function items(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('[role^=menuitem]')];
}

/** Above its button or below it, wherever there is more room, and never outside the window. */
function place(menu: HTMLElement, anchor: HTMLElement): void {
  const margin = 8;
  const box = anchor.getBoundingClientRect();
  const below = innerHeight - box.bottom;
  const up = box.top > below;
  const room = Math.max(box.top, below) - 2 * margin;
  menu.style.maxHeight = `${room}px`;
  const left = box.left + box.width / 2 - menu.offsetWidth / 2;
  menu.style.left = `${Math.max(margin, Math.min(left, innerWidth - menu.offsetWidth - margin))}px`;
  if (up) menu.style.bottom = `${innerHeight - box.top + margin}px`;
  else menu.style.top = `${box.bottom + margin}px`;
}

// A round control with an icon and, where there is room, its label.
import type { IconNode } from 'lucide';
import { useId } from 'preact/hooks';
import { Icon } from './icon.tsx';

export interface ControlButtonProps {
  /** The accessible name. It does not change with the state of the button. */
  label: string;
  icon: IconNode;
  onClick: (event: MouseEvent & { currentTarget: HTMLButtonElement }) => void;
  /** The state of a switch. */
  pressed?: boolean;
  look?: 'plain' | 'off' | 'active' | 'danger' | 'recording';
  /** The effect of a click at this moment, for the tooltip. */
  tip?: string;
  /** In the form of `aria-keyshortcuts`. */
  shortcut?: string | undefined;
  badge?: string;
  badgeTone?: 'accent' | 'warning' | 'quiet';
  showLabel?: boolean;
  /** The part of the label that is shown, if there is no room for all of it. */
  caption?: string;
  /** The button opens a menu. */
  menu?: boolean;
  disabled?: boolean;
  /** Id of the element that describes the button further. */
  describedBy?: string;
  /** A description that only screen readers have. */
  note?: string | undefined;
}

export function ControlButton(props: ControlButtonProps) {
  const noteId = useId();
  const { label, icon, onClick, pressed, look = 'plain', tip = label, shortcut, badge } = props;
  return (
    <button
      type="button"
      class="control"
      aria-label={label}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
      aria-haspopup={props.menu ? 'menu' : undefined}
      aria-expanded={props.menu ? false : undefined}
      aria-disabled={props.disabled}
      aria-describedby={props.note ? noteId : props.describedBy}
      data-look={look}
      data-tip={shortcut ? `${tip} (${shortcut})` : tip}
      onClick={(event) => {
        if (!props.disabled) onClick(event);
      }}
    >
      <span class="control-icon">
        <Icon icon={icon} />
      </span>
      {props.showLabel && (
        <span class="control-label" aria-hidden="true">
          {props.caption ?? label}
        </span>
      )}
      {badge && (
        <span
          class="control-badge"
          data-tone={props.badgeTone}
          data-text={badge}
          aria-hidden="true"
        />
      )}
      {props.note && (
        <span id={noteId} hidden>
          {props.note}
        </span>
      )}
    </button>
  );
}

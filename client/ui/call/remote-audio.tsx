// Plays the audio of the others, whether their tiles are on screen or not.
import { useSignal } from '@preact/signals';
import { Volume2 } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { RemoteTrack } from '../../sdk/session/types.ts';
import { Icon } from '../kit/icon.tsx';
import type { CallModel } from './call-model.ts';

export function RemoteAudio({ model, speakerId }: { model: CallModel; speakerId: string }) {
  const blocked = useSignal(false);
  const container = useRef<HTMLDivElement>(null);
  const playAll = () => {
    blocked.value = false;
    for (const audio of container.current?.querySelectorAll('audio') ?? []) {
      audio.play().catch(() => {
        blocked.value = true;
      });
    }
  };
  const sounds = [...model.remoteTracks.value.values()].filter(
    ({ track }) => track.kind === 'audio',
  );
  return (
    <div ref={container}>
      {sounds.map((remote) => (
        <Sound
          key={remote.id}
          remote={remote}
          speakerId={speakerId}
          onBlocked={() => {
            blocked.value = true;
          }}
        />
      ))}
      {blocked.value && (
        <button type="button" class="button primary hear-people" onClick={playAll}>
          <Icon icon={Volume2} size={20} />
          Click to hear people
        </button>
      )}
    </div>
  );
}

interface SoundProps {
  remote: RemoteTrack;
  speakerId: string;
  /** The browser requires a click before it plays sound. */
  onBlocked: () => void;
}

function Sound({ remote, speakerId, onBlocked }: SoundProps) {
  const element = useRef<HTMLAudioElement>(null);
  const { track } = remote;
  useEffect(() => {
    const audio = element.current;
    if (!audio) return;
    audio.srcObject = new MediaStream([track]);
    audio.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked();
    });
    return () => {
      audio.srcObject = null;
    };
  }, [track]);
  useEffect(() => {
    const audio = element.current;
    if (audio) void playOn(audio, speakerId);
  }, [speakerId]);
  // biome-ignore lint/a11y/useMediaCaption: live speech, for which there are no captions
  return <audio ref={element} hidden />;
}

/** Some browsers play nothing on a speaker that is gone. Then the default one is named. */
async function playOn(audio: HTMLAudioElement, speakerId: string): Promise<void> {
  if (!('setSinkId' in audio)) return;
  try {
    await audio.setSinkId(speakerId);
  } catch {
    if (speakerId !== '') await audio.setSinkId('').catch(() => {});
  }
  // The element may have been paused with its speaker.
  if (audio.paused && audio.srcObject) await audio.play().catch(() => {});
}

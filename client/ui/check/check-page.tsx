// The network check as a page of its own. Opens devices, and releases them at the end.
import { useEffect, useState } from 'preact/hooks';
import { roomPath } from '../address.ts';
import { Brand } from '../kit/brand.tsx';
import { followInside } from '../kit/navigation.ts';
import { canCall } from '../media/can-call.ts';
import { LocalMedia } from '../media/local-media.ts';
import { UnsupportedPage } from '../prejoin/unsupported-page.tsx';
import { CheckView } from './check-view.tsx';

export interface CheckPageProps {
  /** The room whose invitation is used, and where the page leads from here. */
  room: string | undefined;
}

/** Checks also devices that are switched off in calls. */
function allDevices(): LocalMedia {
  const media = new LocalMedia();
  media.microphone.on.value = true;
  media.camera.on.value = true;
  return media;
}

export function CheckPage({ room }: CheckPageProps) {
  const [media] = useState(allDevices);
  useEffect(() => {
    document.title = 'Network check · Parley';
    void media.start();
    return () => media.close();
  }, [media]);
  if (!canCall()) return <UnsupportedPage />;
  return (
    <div class="check-page">
      <header>
        <Brand />
      </header>
      <main>
        <h1>Network check</h1>
        <CheckView room={room} media={media} />
        {room !== undefined && (
          <a class="button primary" href={roomPath(room)} onClick={followInside}>
            Go to {room}
          </a>
        )}
      </main>
    </div>
  );
}

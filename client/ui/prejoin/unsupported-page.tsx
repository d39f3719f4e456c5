// For browsers that cannot take part in a call at all.
import { MessagePage } from '../kit/message-page.tsx';

export function UnsupportedPage() {
  return (
    <MessagePage
      title="This browser cannot make calls"
      text="It lacks WebRTC, or has it switched off. Open this address in a current version of Chrome, Edge, Firefox or Safari."
    />
  );
}

// A page that joins as fast as mediasoup-client can: all that may be ready before the click is.
import { Device, type types } from 'mediasoup-client';
import { ROUTER_RTP_CAPABILITIES, videoEncodings } from '../../shared/media/media.ts';
import type { FromPage, Joined } from './messages.ts';

const button = document.querySelector('button') as HTMLButtonElement;
const own = document.querySelector('#own') as HTMLVideoElement;
const others = document.querySelector('#others') as HTMLElement;

const socket = new WebSocket(location.href.replace(/^http/, 'ws'));
const say = (message: FromPage) => socket.send(JSON.stringify(message));
const opened = new Promise((resolve) => socket.addEventListener('open', resolve));

const device = new Device();
await device.load({ routerRtpCapabilities: ROUTER_RTP_CAPABILITIES as types.RtpCapabilities });
const media = await navigator.mediaDevices.getUserMedia({
  audio: true,
  video: { width: 1280, height: 720 },
});
own.srcObject = media;
await opened;

button.addEventListener('click', () => {
  button.textContent = 'Joined';
  socket.addEventListener('message', ({ data }) => join(JSON.parse(data) as Joined), {
    once: true,
  });
  say({ say: 'join', rtpCapabilities: device.recvRtpCapabilities });
});
button.disabled = false;

function join({ send, recv, consumers }: Joined): void {
  const sender = device.createSendTransport(send);
  const receiver = device.createRecvTransport(recv);
  for (const transport of [sender, receiver]) {
    transport.on('connect', ({ dtlsParameters }, done) => {
      say({ say: 'connect', direction: transport.direction, dtlsParameters });
      done();
    });
  }
  sender.on('produce', ({ kind, rtpParameters }, done) => {
    const id = crypto.randomUUID();
    say({ say: 'produce', id, kind, rtpParameters });
    done({ id });
  });
  // All at once: mediasoup-client makes one negotiation of them.
  for (const options of consumers) receiver.consume(options).then(({ track }) => show(track));
  for (const track of media.getTracks()) {
    const encodings = [...videoEncodings('camera', 'VP8')];
    sender.produce(track.kind === 'video' ? { track, encodings } : { track });
  }
}

function show(track: MediaStreamTrack): void {
  const element = document.createElement(track.kind === 'video' ? 'video' : 'audio');
  element.autoplay = true;
  element.srcObject = new MediaStream([track]);
  others.append(element);
}

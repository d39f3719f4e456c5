// Runs in the page: the picture of a camera, drawn on a canvas: nothing has to be decoded.

const SIZE = { width: 320, height: 180 };

export function drawnPicture(index: number, frameRate: number): MediaStreamTrack {
  const canvas = Object.assign(document.createElement('canvas'), SIZE);
  const context = canvas.getContext('2d', { alpha: false });
  const [track] = canvas.captureStream(frameRate).getVideoTracks();
  if (!context || !track) throw new Error('this browser draws no pictures');
  const hue = (index * 47) % 360;
  let frame = 0;
  const draw = () => {
    frame += 1;
    const { width, height } = SIZE;
    const sway = Math.sin(frame / 6 + index) * 6;
    context.fillStyle = `hsl(${hue} 22% 62%)`;
    context.fillRect(0, 0, width, height);
    context.fillStyle = `hsl(${(hue + 180) % 360} 28% 34%)`;
    context.beginPath();
    context.ellipse(width / 2 + sway, height * 1.05, 74, 66, 0, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = `hsl(${20 + (index % 4) * 6} 42% ${50 + (index % 5) * 7}%)`;
    context.beginPath();
    context.ellipse(width / 2 + sway, height * 0.45, 33, 42, 0, 0, 2 * Math.PI);
    context.fill();
  };
  draw();
  setInterval(draw, 1000 / frameRate);
  return track;
}

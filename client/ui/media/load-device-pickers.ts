// Loads the device pickers apart from the page that may show them.

export async function loadDevicePickers() {
  const { DevicePickers } = await import('./device-pickers.tsx');
  return DevicePickers;
}

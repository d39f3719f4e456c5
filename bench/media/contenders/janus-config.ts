// The configuration of a Janus for one run: the video room alone, a WebSocket on loopback, and random keys. Pure.

export interface JanusConfig {
  port: number;
  adminSecret: string;
  apiSecret: string;
  /** Without it nobody makes rooms. */
  roomAdminKey: string;
}

/** Debian's folders, which Janus has built in. Everything else of a package stays off. */
const OTHER_PLUGINS = [
  ...['audiobridge', 'duktape', 'echotest', 'lua', 'nosip', 'recordplay', 'sip', 'streaming'],
  ...['textroom', 'videocall', 'voicemail'],
];
const OTHER_TRANSPORTS = ['http', 'mqtt', 'nanomsg', 'pfunix', 'rabbitmq'];

/** By the name of the file in Janus's configuration folder. */
export function janusFiles(config: JanusConfig): Record<string, string> {
  const { port, adminSecret, apiSecret, roomAdminKey } = config;
  return {
    'janus.jcfg': [
      section('general', {
        debug_level: 2,
        debug_colors: false,
        admin_secret: adminSecret,
        api_secret: apiSecret,
        // The session lasts as long as the run.
        session_timeout: 0,
      }),
      section('plugins', { disable: libraries(OTHER_PLUGINS) }),
      section('transports', { disable: libraries(OTHER_TRANSPORTS) }),
    ].join('\n'),
    'janus.transport.websockets.jcfg': [
      section('general', {
        json: 'compact',
        ws: true,
        ws_port: port,
        ws_ip: '127.0.0.1',
        wss: false,
      }),
      section('admin', { admin_ws: false, admin_wss: false }),
    ].join('\n'),
    'janus.plugin.videoroom.jcfg': section('general', { admin_key: roomAdminKey }),
  };
}

function libraries(names: readonly string[]): string {
  return names.map((name) => `libjanus_${name}.so`).join(',');
}

function section(name: string, values: Record<string, string | number | boolean>): string {
  const lines = Object.entries(values).map(([key, value]) => `  ${key} = ${JSON.stringify(value)}`);
  return `${name}: {\n${lines.join('\n')}\n}\n`;
}

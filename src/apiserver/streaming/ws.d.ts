// The part of the package `ws` that is used here: it brings no types of its own.
declare module 'ws' {
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  export interface WebSocket {
    close(): void;
  }
  export class WebSocketServer {
    constructor(options: { noServer: true; handleProtocols?: (protocols: Set<string>, request: IncomingMessage) => string | false });
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, callback: (client: WebSocket) => void): void;
  }
  export function createWebSocketStream(client: WebSocket): Duplex;
}

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { PORT_FORWARD_PROTOCOL } from '../streaming/port-forward.js';
import type { ApiResponse } from './exchange.js';

/** SPDY inside a WebSocket, as kubectl asks for it first. */
const TUNNEL = `SPDY/3.1+${PORT_FORWARD_PROTOCOL}`;

/** Gives a request's connection to what answers it, as a WebSocket or as bare SPDY, whichever the client asked for. */
export async function takeOver(connection: NonNullable<ApiResponse['connection']>, incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  if (incoming.headers.upgrade?.toLowerCase() !== 'websocket') {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${PORT_FORWARD_PROTOCOL}\r\n\r\n`);
    if (head.length > 0) socket.unshift(head);
    await connection(socket);
    return;
  }
  // Few processes ever need it.
  const { createWebSocketStream, WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ noServer: true, handleProtocols: (protocols) => protocols.has(TUNNEL) && TUNNEL });
  await new Promise<void>((resolve, reject) => {
    server.handleUpgrade(incoming, socket, head, (client) => void connection(createWebSocketStream(client)).then(resolve, reject));
  });
}

import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PodPort } from '../rest/context.js';
import { SpdyConnection, type SpdyStream } from './spdy-connection.js';

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';

/**
 * Forwards connections over a SPDY connection: each is a pair of streams with one request id, one for data and one that says what went wrong.
 * @param portOf where a port of the pod really listens, or undefined
 */
export async function forwardPorts(wire: Duplex, pod: string, portOf: (port: number) => PodPort | undefined): Promise<void> {
  const connection = new SpdyConnection(wire);
  const errors = new Map<string, SpdyStream>();
  wire.on('error', () => wire.destroy());
  await connection.serve((stream) => {
    const { streamtype, port = '', requestid = '' } = stream.headers;
    if (streamtype === 'error') {
      errors.set(requestid, stream);
      return;
    }
    const error = errors.get(requestid);
    errors.delete(requestid);
    if (streamtype !== 'data' || !error) {
      stream.reset();
      return;
    }
    forward(connection, { data: stream, error }, portOf(Number(port)), `error forwarding port ${port} to pod ${pod}`);
  });
}

function forward(connection: SpdyConnection, { data, error }: { data: SpdyStream; error: SpdyStream }, target: PodPort | undefined, problem: string): void {
  const finish = (why?: string): void => {
    if (why) error.write(Buffer.from(`${problem}: ${why}`));
    data.end();
    error.end();
  };
  if (!target) {
    finish('no container runs in this cluster, and nothing else listens there in its place');
    return;
  }
  const socket = connect(target.port, target.host);
  data.onData((bytes) => void socket.write(bytes));
  data.onEnd(() => void socket.end());
  socket.on('data', (bytes) => {
    if (data.write(bytes)) return;
    socket.pause();
    connection.drained(() => void socket.resume());
  });
  socket.once('error', ({ message }) => finish(message));
  socket.once('end', () => finish());
}

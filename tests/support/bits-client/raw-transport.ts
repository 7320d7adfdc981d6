import {
  encodeRequest,
  encodeRequestHead,
  type HttpRequest,
  type HttpResponse,
  headerValue,
} from '../http/message.ts';
import { ConnectionError, RawConnection } from '../http/raw-connection.ts';
import type { SendOptions, Transport } from './transport.ts';
import { TransportError } from './transport.ts';

const QUIET_MS = 200;

/** Transport over plain sockets: every byte of the request is the caller's, every byte of the answer is seen. */
export function rawTransport(options: { readonly responseTimeoutMs?: number } = {}): Transport {
  const timeoutMs = options.responseTimeoutMs ?? 300_000;
  let kept: { readonly connection: RawConnection; readonly origin: string } | undefined;

  const connectionTo = async (origin: URL, isOwn: boolean): Promise<RawConnection> => {
    if (isOwn) return RawConnection.open(origin);
    if (kept !== undefined && kept.origin === origin.origin && !kept.connection.isEnded)
      return kept.connection;
    kept?.connection.destroy();
    kept = undefined;
    const connection = await RawConnection.open(origin);
    kept = { connection, origin: origin.origin };
    return connection;
  };

  const drop = (connection: RawConnection | undefined) => {
    connection?.destroy();
    if (kept?.connection === connection) kept = undefined;
  };

  const send = async (request: HttpRequest, origin: URL, how: SendOptions = {}): Promise<HttpResponse> => {
    let connection: RawConnection | undefined;
    const abort = () => connection?.destroy();
    how.signal?.addEventListener('abort', abort, { once: true });
    try {
      connection = await connectionTo(
        origin,
        how.newConnection === true || how.truncateBodyAtBytes !== undefined,
      );
      if (how.truncateBodyAtBytes !== undefined) {
        const part = request.body.subarray(0, how.truncateBodyAtBytes);
        await connection.write(Buffer.concat([encodeRequestHead(request), part]));
        connection.destroy();
        throw new TransportError('CUT', `cut after ${how.truncateBodyAtBytes} bytes of the body`);
      }
      await connection.write(encodeRequest(request));
      const response = await connection.receive({ method: request.method, timeoutMs, quietMs: QUIET_MS });
      if (headerValue(response.headers, 'Connection')?.toLowerCase() === 'close') drop(connection);
      return response;
    } catch (error) {
      drop(connection);
      throw asTransportError(error);
    } finally {
      how.signal?.removeEventListener('abort', abort);
      if (how.newConnection === true) connection?.destroy();
    }
  };
  return {
    send,
    close: () => {
      kept?.connection.destroy();
      kept = undefined;
    },
  };
}

function asTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ConnectionError)) return new TransportError('BROKEN', message, { cause: error });
  const code = error.code === 'CLOSED' ? 'BROKEN' : error.code;
  return new TransportError(code, message, { cause: error });
}

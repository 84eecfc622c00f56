// A connection of a browser. A browser sends no header with a WebSocket, so a caller with a token
// first gets a ticket, which is valid for one connection.
import { MessageQueue, noteEnd } from './message-queue.ts';
import { type Connect, type Connection, type End, type Message, subprotocol } from './stream.ts';

export const connectBrowser: Connect = (options, subscription): Connection => {
  let socket: WebSocket | null = null;
  let closed = false;
  const queue = new MessageQueue();
  const close = () => {
    closed = true;
    socket?.close(1000);
  };
  options.signal?.addEventListener('abort', close, { once: true });
  const opened = async (): Promise<End> => {
    const address = await addressOf(options);
    if (typeof address !== 'string') return address;
    const end: End = { code: 1006, why: 'the connection was lost', oldest: null };
    if (closed) return end;
    socket = new WebSocket(address, subprotocol);
    const { opened } = await read(socket, { subscription, queue, end });
    return opened || closed ? end : ((await refusal(options)) ?? end);
  };
  const ended = opened().finally(() => {
    options.signal?.removeEventListener('abort', close);
    queue.end();
  });
  return { ended, messages: () => queue.messages(), close };
};

/** Reads until the connection ends. `opened` is false if the handshake failed. */
function read(
  socket: WebSocket,
  { subscription, queue, end }: { subscription: string; queue: MessageQueue; end: End },
): Promise<{ opened: boolean }> {
  let opened = false;
  return new Promise((resolve) => {
    socket.onopen = () => {
      opened = true;
      socket.send(subscription);
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      noteEnd(end, message);
      queue.push(message);
    };
    socket.onclose = ({ code, reason }) => {
      if (end.code === 1006) end.code = code;
      if (reason !== '' && end.why.startsWith('the connection')) end.why = reason;
      resolve({ opened });
    };
  });
}

/**
 * Why a handshake was refused: a browser does not say, so the URL is asked without an upgrade, which
 * is 426 if there was nothing else to refuse. null if the server does not answer, or would accept.
 */
async function refusal({ url, token, signal }: Parameters<Connect>[0]): Promise<End | null> {
  const headers = {
    accept: 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  try {
    const response = await fetch(url, { headers, ...(signal && { signal }) });
    if (response.status === 426) return null;
    const { detail } = (await response.json()) as { detail?: string };
    return { code: response.status, why: detail ?? response.statusText, oldest: null };
  } catch {
    return null;
  }
}

/** The URL of the WebSocket with a ticket, or why there is none. */
async function addressOf({ url, token, signal }: Parameters<Connect>[0]): Promise<string | End> {
  const at = new URL(url);
  if (token !== undefined) {
    try {
      const response = await fetch(new URL('/v1/tickets', at), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ stream: at.pathname }),
        ...(signal && { signal }),
      });
      const answer = (await response.json()) as { ticket?: string; detail?: string };
      if (answer.ticket === undefined)
        return { code: response.status, why: answer.detail ?? response.statusText, oldest: null };
      at.searchParams.set('ticket', answer.ticket);
    } catch {
      return { code: 1006, why: 'the server does not answer', oldest: null };
    }
  }
  at.protocol = at.protocol.replace('http', 'ws');
  return at.href;
}

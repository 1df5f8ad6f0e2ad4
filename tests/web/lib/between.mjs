// A machine between browsers and a mediator: it notes what is asked for, and can answer itself first
// and lead to the mediator later, as a name does that is rebound.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** At a free port of 127.0.0.1, TCP and UDP. Datagrams are noted, and not answered. */
export async function startBetween(t, mediator) {
  const between = { requests: [], datagrams: 0, html: undefined };
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (head) => {
      between.requests.push(head.toString('latin1'));
      if (between.html !== undefined) {
        const type = 'content-type: text/html\r\nconnection: close';
        socket.end(`HTTP/1.1 200 OK\r\n${type}\r\n\r\n${between.html}`);
        return;
      }
      const onward = connect(mediator.port, '127.0.0.1');
      sockets.add(onward);
      onward.on('error', () => socket.destroy());
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  between.port = server.address().port;
  const udp = createSocket('udp4');
  udp.on('message', () => {
    between.datagrams += 1;
    udp.emit('heard');
  });
  udp.bind(between.port, '127.0.0.1');
  await once(udp, 'listening');
  between.heard = () => once(udp, 'heard');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    udp.close();
  });
  /** Those that asked for a WebSocket. */
  between.upgrades = () => between.requests.filter((head) => /^upgrade: *websocket/im.test(head));
  return between;
}

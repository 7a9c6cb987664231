/* Serves the console's files and passes everything else on to a gateway: for trying the console on one
 * that serves no files. */

import { createReadStream, existsSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { CSP } from './fake-gateway.mjs';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

export async function startFront(folder, url) {
  const { hostname, port } = new URL(url);
  const server = createServer((request, response) => {
    const path = request.url.split('?')[0];
    const file = normalize(join(folder, path === '/' ? '/index.html' : path));
    if (!path.startsWith('/v1/') && file.startsWith(folder) && existsSync(file)) {
      response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP });
      createReadStream(file).pipe(response);
      return;
    }
    const headers = { ...request.headers, host: 'localhost' };
    delete headers.origin; // of this front, not of the gateway's site
    const up = ask({ hostname, port, path: request.url, method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    up.on('error', () => response.destroy());
    response.on('close', () => up.destroy());
    request.pipe(up);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => { server.closeAllConnections?.(); server.close(); } };
}

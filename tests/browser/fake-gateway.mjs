/* A gateway without an agent behind it: serves the built console under the policy that the real one
 * sends, and answers as its contract says from a small made-up county. For tests of the pages; what
 * becomes of casework is tested against the real one. */

import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { county } from './county.mjs';

export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };
const PASSWORD = 'correct horse battery';

function json(response, status, body, headers = {}) {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers });
  response.end(JSON.stringify(body));
}
const problem = (response, status, code, more = {}) =>
  json(response, status, { type: 'about:blank', title: code, status, code, ...more });

function bodyOf(request) {
  return new Promise((resolve) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      try { resolve(text === '' ? undefined : JSON.parse(text)); } catch { resolve(text); }
    });
  });
}

/* What is in it is tested where it is made. */
function reportFile(response, url) {
  const name = `report${extname(url.pathname)}`;
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Disposition': `attachment; filename="${name}"; filename*=UTF-8''${name}` });
  response.end(`${url.pathname}${url.search}`);
}

function serveFile(folder, path, response) {
  const file = normalize(join(folder, path));
  if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) return problem(response, 404, 'NOT_FOUND');
  response.writeHead(200, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP,
    'X-Content-Type-Options': 'nosniff', 'Cache-Control': path.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache',
  });
  createReadStream(file).pipe(response);
  return undefined;
}

/* options: folder (the built console), entry ("index.html" or "public.html"). */
export async function startGateway({ folder, entry = 'index.html' }) {
  const world = county();
  const streams = new Set();
  const sessions = new Map();
  const log = []; // what was asked to change: method, path, body, headers
  let session = 0;
  let away = false;
  let lastEvent = 100;

  const tell = (kind, data) => {
    lastEvent++;
    for (const stream of streams) stream.write(`id: ${lastEvent}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`);
  };

  function whoIs(request) {
    const cookie = /jiaoban=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
    return sessions.get(cookie);
  }

  async function signIn(request, response) {
    const { user, password } = (await bodyOf(request)) ?? {};
    const account = world.sessions[user];
    if (account === undefined || password !== PASSWORD) return problem(response, 401, 'DENIED');
    const id = `s${++session}`;
    sessions.set(id, { ...account, csrf_token: `csrf-${id}` });
    return json(response, 201, sessions.get(id), { 'Set-Cookie': `jiaoban=${id}; HttpOnly; SameSite=Strict; Path=/` });
  }

  function events(response) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write(`event: state\ndata: ${JSON.stringify({ status: world.state })}\n\n`);
    streams.add(response);
    response.on('close', () => streams.delete(response));
  }

  async function change(request, response, url, me) {
    const body = await bodyOf(request);
    log.push({ method: request.method, path: url.pathname, query: url.search, body, headers: request.headers });
    if (request.headers['x-csrf-token'] !== me.csrf_token) return problem(response, 403, 'DENIED', { detail: 'X-CSRF-Token' });
    if (url.pathname === '/v1/session') {
      sessions.clear();
      response.writeHead(204, { 'Set-Cookie': 'jiaoban=; Max-Age=0; Path=/' });
      return response.end();
    }
    const answer = world.change(request.method, url, body, request.headers['content-range']);
    if (answer.event !== undefined) setTimeout(() => tell('item', answer.event), 20);
    return json(response, answer.status, answer.body, answer.headers);
  }

  async function api(request, response, url) {
    if (away) return problem(response, 503, 'OFFLINE', { detail: 'the agent cannot be reached' });
    if (url.pathname.startsWith('/v1/public/')) {
      const answer = world.publicWindow(url.pathname, (await bodyOf(request)) ?? {});
      return json(response, answer.status, answer.body);
    }
    if (url.pathname === '/v1/session' && request.method === 'POST') return signIn(request, response);
    const me = whoIs(request);
    if (me === undefined) return problem(response, 401, 'DENIED');
    if (request.method !== 'GET') return change(request, response, url, me);
    if (url.pathname === '/v1/session') return json(response, 200, me);
    if (url.pathname === '/v1/events') return events(response);
    if (/^\/v1\/report\.(csv|xlsx)$/.test(url.pathname)) return reportFile(response, url);
    const answer = world.answer(url, me);
    return json(response, answer.status, answer.body, answer.headers);
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname.startsWith('/v1/')) void api(request, response, url);
    else serveFile(folder, url.pathname === '/' ? `/${entry}` : url.pathname, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    password: PASSWORD, world, log, tell,
    setAway(value) {
      away = value;
      if (value) for (const stream of streams) stream.destroy();
    },
    async stop() {
      for (const stream of streams) stream.destroy();
      server.closeAllConnections?.();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const readText = (path) => readFileSync(path, 'utf8');

/* One way to the gateway: JSON over fetch, with the session's CSRF token, an idempotency key for
 * whatever changes something, and problem details as errors. */

import type { Problem } from './types';

const AT_WORK_MS = 60_000;
let lastInput = Date.now();
for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchmove']) {
  globalThis.document?.addEventListener(kind, () => { lastInput = Date.now(); }, { passive: true, capture: true });
}

export type Query = Record<string, string | number | boolean | undefined>;

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: nobody answered
    readonly problem: Problem,
  ) {
    super(problem.detail ?? problem.title);
    this.name = 'ApiError';
  }

  get code(): string {
    return this.problem.code ?? '';
  }
}

let csrfToken = '';
let onSignedOut: () => void = () => undefined;

export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/* Called when the gateway no longer knows the session. */
export function setOnSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

/* Absent, empty and false are left out: the contract reads them as "not given". */
export function queryText(query: Query): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '' && value !== false);
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

/* randomUUID is there in secure contexts only; the office may sit behind plain HTTP on loopback. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  query?: Query;
  body?: unknown;
  key?: string;
  ifMatch?: string;
  ifNoneMatch?: string;
  contentRange?: string;
  wait?: number;
  signal?: AbortSignal;
}

export interface Answer<T> {
  status: number;
  body: T;
  etag: string;
}

function headersOf(ask: Ask): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json, application/problem+json' };
  const method = ask.method ?? 'GET';
  if (method !== 'GET' && csrfToken !== '') headers['X-CSRF-Token'] = csrfToken;
  if (ask.body !== undefined && !(ask.body instanceof Blob)) headers['Content-Type'] = 'application/json';
  if (ask.body instanceof Blob) headers['Content-Type'] = ask.body.type || 'application/octet-stream';
  if (ask.key !== undefined) headers['Idempotency-Key'] = ask.key;
  if (ask.ifMatch !== undefined) headers['If-Match'] = ask.ifMatch;
  if (ask.ifNoneMatch !== undefined) headers['If-None-Match'] = ask.ifNoneMatch;
  if (ask.contentRange !== undefined) headers['Content-Range'] = ask.contentRange;
  // What the page asks while nobody is at it must not keep the session alive.
  if (Date.now() - lastInput > AT_WORK_MS) headers['X-Background'] = '1';
  if (ask.wait !== undefined) headers['Prefer'] = `wait=${ask.wait}`;
  return headers;
}

async function problemOf(response: Response): Promise<Problem> {
  const plain: Problem = { type: 'about:blank', title: response.statusText, status: response.status };
  try {
    return { ...plain, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return plain; // a proxy's own page
  }
}

/* Throws ApiError; an abort passes through as it is. */
export async function ask<T>(path: string, a: Ask = {}): Promise<Answer<T>> {
  let response: Response;
  const body = a.body === undefined || a.body instanceof Blob ? a.body : JSON.stringify(a.body);
  try {
    response = await fetch(path + queryText(a.query ?? {}), {
      method: a.method ?? 'GET',
      headers: headersOf(a),
      body: body as BodyInit | undefined,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: a.signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, { type: 'about:blank', title: 'unreachable', status: 0, code: 'UNREACHABLE' });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && path !== '/v1/session') onSignedOut();
    throw new ApiError(response.status, problem);
  }
  const empty = response.status === 204 || response.headers.get('Content-Length') === '0';
  return {
    status: response.status,
    body: (empty ? undefined : await response.json()) as T,
    etag: response.headers.get('ETag') ?? '',
  };
}

export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await ask<T>(path, { query, signal })).body;
}

/* Templates as the office has them: those that it changed over those that come with the console.
 * Kept by the gateway; where it keeps none, in this browser. */

import { ApiError, ask, get } from '@/api/http';
import type { Template } from '@/api/types';
import { kindOf } from './kinds';

const STORE = 'jiaoban.template.';
const LONGEST = 20_000;

export interface Kept { title: string; body: string; etag: string; changed: boolean; shared: boolean }

function local(kind: string): { title: string; body: string } | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(STORE + kind) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return undefined;
    const { title, body } = kept as { title?: unknown; body?: unknown };
    return typeof title === 'string' && typeof body === 'string' ? { title, body } : undefined;
  } catch {
    return undefined;
  }
}

let shared: boolean | undefined; // does the gateway keep templates?

async function keeps(): Promise<boolean> {
  if (shared === undefined) {
    try {
      await get<unknown>('/v1/templates');
      shared = true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      shared = false;
    }
  }
  return shared;
}

export async function readTemplate(kind: string): Promise<Kept> {
  const shipped = kindOf(kind);
  const plain: Kept = { title: shipped?.title ?? kind, body: shipped?.body ?? '', etag: '', changed: false, shared: await keeps() };
  if (!plain.shared) {
    const own = local(kind);
    return own === undefined ? plain : { ...plain, ...own, changed: true };
  }
  try {
    const answer = await ask<Template>(`/v1/templates/${kind}`);
    return { ...plain, title: answer.body.title, body: answer.body.body, etag: answer.etag, changed: true };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return plain;
    throw error;
  }
}

export async function writeTemplate(kind: string, kept: Kept): Promise<void> {
  const content = { title: kept.title.slice(0, 100), body: kept.body.slice(0, LONGEST) };
  if (!kept.shared) {
    localStorage.setItem(STORE + kind, JSON.stringify(content));
    return;
  }
  await ask(`/v1/templates/${kind}`, { method: 'PUT', body: content, ...(kept.etag === '' ? { ifNoneMatch: '*' } : { ifMatch: kept.etag }) });
}

/* Back to what comes with the console. */
export async function dropTemplate(kind: string, kept: Kept): Promise<void> {
  if (!kept.shared) localStorage.removeItem(STORE + kind);
  else await ask(`/v1/templates/${kind}`, { method: 'DELETE', ifMatch: kept.etag });
}

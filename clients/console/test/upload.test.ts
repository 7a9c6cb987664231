import { describe, expect, it } from 'vitest';
import { ApiError } from '@/api/http';
import type { Upload } from '@/api/types';
import { sendFile, type Uploader } from '@/model/upload';

const problem = (status: number): ApiError => new ApiError(status, { type: 'about:blank', title: 'x', status });
const MIB = 1024 * 1024;

/* Holds what it was sent; `fails` says before which calls of put it fails, and how. */
function gateway(fails: Readonly<Record<number, () => Error>> = {}, took: Readonly<Record<number, number>> = {}) {
  const held = new Map<string, number>();
  const parts: [number, number][] = [];
  let calls = 0;
  const of = (upload: string, total: number): Upload => {
    const received = held.get(upload) ?? 0;
    return { upload, received_bytes: received, total_bytes: total, complete: received === total, ...(received === total ? { content_hash: 'hash' } : {}) };
  };
  const uploader: Uploader = {
    put: async (name, part, begin, total) => {
      calls++;
      if (begin !== 0 && begin !== held.get(name)) throw problem(409);
      if (took[calls] !== undefined) held.set(name, begin + (took[calls] ?? 0));
      const failure = fails[calls];
      if (failure !== undefined) throw failure();
      parts.push([begin, part.size]);
      held.set(name, begin + part.size);
      return of(name, total);
    },
    get: async (name) => {
      if (!held.has(name)) throw problem(404);
      return of(name, 0);
    },
  };
  return { uploader, parts, calls: () => calls };
}
const file = new Blob([new Uint8Array(2 * MIB + 5)]);
const atOnce = (): Promise<void> => Promise.resolve();

describe('a file is sent', () => {
  it('part by part, with its progress', async () => {
    const g = gateway();
    const seen: number[] = [];
    expect(await sendFile(g.uploader, file, (n) => seen.push(n), atOnce)).toBe('hash');
    expect(g.parts).toEqual([[0, MIB], [MIB, MIB], [2 * MIB, 5]]);
    expect(seen).toEqual([MIB, 2 * MIB, 2 * MIB + 5]);
  });
  it('on from where the line broke, also in the middle of a part', async () => {
    const g = gateway({ 2: () => problem(0) }, { 2: 1000 });
    expect(await sendFile(g.uploader, file, () => undefined, atOnce)).toBe('hash');
    expect(g.parts).toEqual([[0, MIB], [MIB + 1000, MIB + 5 - 1000]]);
  });
  it('from the beginning when it was forgotten', async () => {
    const g = gateway({ 1: () => problem(503) });
    expect(await sendFile(g.uploader, file, () => undefined, atOnce)).toBe('hash');
    expect(g.parts[0]).toEqual([0, MIB]);
  });
  it('not when it may not be', async () => {
    const g = gateway({ 1: () => problem(403) });
    await expect(sendFile(g.uploader, file, () => undefined, atOnce)).rejects.toThrow();
    expect(g.calls()).toBe(1);
  });
  it('not for ever', async () => {
    const g = gateway(Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [n, () => problem(0)])));
    await expect(sendFile(g.uploader, file, () => undefined, atOnce)).rejects.toThrow();
    expect(g.calls()).toBe(5);
  });
});

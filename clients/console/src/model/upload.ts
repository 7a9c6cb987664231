/* A file to the gateway part by part: after a broken line it goes on where the agent's copy ends. */

import { newKey, ApiError } from '@/api/http';
import type { Upload } from '@/api/types';

export const FILE_BYTES = 50 * 1024 * 1024;
const PART_BYTES = 1024 * 1024;
const ATTEMPTS = 5; // in a row without a byte of progress
const PAUSE_MS = 1000;

export interface Uploader {
  put: (name: string, part: Blob, begin: number, total: number) => Promise<Upload>;
  get: (name: string) => Promise<Upload>;
}

/* Nobody answered, or an earlier part is still on its way: worth another attempt. */
const passes = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status === 409 || error.status >= 502);

async function standing(uploader: Uploader, name: string): Promise<number> {
  try {
    return (await uploader.get(name)).received_bytes;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return 0; // forgotten: from the beginning
    throw error;
  }
}

/* Resolves to the hash that names the contents in the act "attach". */
export async function sendFile(
  uploader: Uploader,
  file: Blob,
  progress: (done: number) => void,
  pause: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); }),
): Promise<string> {
  const name = newKey();
  let at = 0;
  let failed = 0;
  for (;;) {
    try {
      if (failed > 0) at = await standing(uploader, name);
      const upload = await uploader.put(name, file.slice(at, at + PART_BYTES), at, file.size);
      at = upload.received_bytes;
      failed = 0;
      progress(at);
      if (upload.complete && upload.content_hash !== undefined) return upload.content_hash;
    } catch (error) {
      if (!passes(error) || ++failed >= ATTEMPTS) throw error;
      await pause(PAUSE_MS * failed);
    }
  }
}

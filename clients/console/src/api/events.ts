/* What happens, as it happens: one stream of server-sent events for the whole page. The browser
 * resumes by the last id; when the gateway is away it tries again, and everybody is told. */

import type { WatchEvent } from './types';

export type Listener = (kind: string, event: WatchEvent) => void;

const KINDS = ['item', 'alarm', 'state', 'reset'] as const;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export class EventStream {
  private source: EventSource | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = FIRST_WAIT_MS;
  private lastId = '';
  private readonly listeners = new Set<Listener>();

  constructor(private readonly onConnected: (connected: boolean) => void) {}

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /* Events do not come in, by a proxy that holds them back for example: everybody looks again. */
  nudge(): void {
    for (const listener of this.listeners) listener('reset', {});
  }

  start(): void {
    this.stop();
    const after = this.lastId === '' ? '' : `&after=${encodeURIComponent(this.lastId)}`;
    const source = new EventSource(`/v1/events?alarms=true${after}`);
    this.source = source;
    source.onopen = () => {
      this.wait = FIRST_WAIT_MS;
      this.onConnected(true);
    };
    source.onerror = () => {
      this.onConnected(false);
      if (source.readyState === EventSource.CLOSED) this.again();
    };
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.take(kind, event as MessageEvent<string>));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }

  /* Another person signs in: nothing of the former one's stream is asked for. */
  forget(): void {
    this.stop();
    this.lastId = '';
  }

  /* The browser gives up after an answer that is no stream (502 of a proxy, 401); we do not. */
  private again(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.start(), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
  }

  private take(kind: string, message: MessageEvent<string>): void {
    if (message.lastEventId !== '') this.lastId = message.lastEventId;
    let event: WatchEvent;
    try {
      event = JSON.parse(message.data) as WatchEvent;
    } catch {
      return; // not of this contract
    }
    for (const listener of this.listeners) listener(kind, event);
  }
}

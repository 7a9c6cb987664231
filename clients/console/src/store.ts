/* What every page knows: who is signed in, how the line stands, the directory of agencies, what
 * happens. One for the whole page. */

import { computed, reactive, readonly, ref } from 'vue';
import * as api from '@/api/client';
import { EventStream, type Listener } from '@/api/events';
import { ApiError, setCsrfToken, setOnSignedOut } from '@/api/http';
import type { AgencyNode, Session, State } from '@/api/types';

const LOOK_EVERY_MS = 15_000; // only while no events come in: a session should not live by our asking alone
const STATE_AFTER_MS = 3_000;
const OFFICE_KINDS = [1, 2]; // petition office, joint conference

interface Store {
  session: Session | undefined;
  state: State | undefined;
  nodes: AgencyNode[];
  reachable: boolean; // the gateway, and through it the agent
  live: boolean; // events come in
  asked: boolean; // whether somebody is signed in is known
}

const inner = reactive<Store>({
  session: undefined, state: undefined, nodes: [], reachable: true, live: false, asked: false,
});
export const store = readonly(inner);
export const now = ref(Date.now());

const stream = new EventStream((connected) => {
  inner.live = connected;
  if (connected) void refreshState();
});
let timers: ReturnType<typeof setInterval>[] = [];

export const ownNode = computed(() => inner.session?.agency.node ?? 0);
export const isOffice = computed(() => {
  const own = inner.nodes.find((node) => node.node === ownNode.value);
  return OFFICE_KINDS.includes(inner.session?.agency.node_kind ?? own?.node_kind ?? 0);
});

export const can = (right: string): boolean => inner.session?.rights.includes(right) === true;
export const hasRole = (role: string): boolean => inner.session?.roles.some((r) => r === role) === true;

export function nodeName(node: number | undefined): string {
  if (node === undefined || node === 0) return '';
  return inner.nodes.find((n) => n.node === node)?.name ?? `#${node}`;
}

export function listen(listener: Listener): () => void {
  return stream.listen(listener);
}

export async function refreshState(): Promise<void> {
  try {
    inner.state = await api.state();
    inner.reachable = true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    inner.reachable = error.status !== 0 && error.status < 500;
  }
}

let due: ReturnType<typeof setTimeout> | undefined;
stream.listen((kind, event) => {
  if (kind === 'state' && event.status !== undefined) inner.state = event.status;
  if (kind === 'state' || due !== undefined) return;
  // what happened may have moved the counts; events come in bursts
  due = setTimeout(() => {
    due = undefined;
    if (inner.session !== undefined) void refreshState();
  }, STATE_AFTER_MS);
});

async function begin(session: Session): Promise<void> {
  inner.session = session;
  setCsrfToken(session.csrf_token ?? '');
  if (session.must_change_password === true) return;
  await Promise.all([
    refreshState(),
    api.nodes().then((nodes) => { inner.nodes = nodes; }, () => { inner.nodes = []; }),
  ]);
  stream.start();
  timers = [
    setInterval(() => { if (!inner.live) stream.nudge(); }, LOOK_EVERY_MS),
    setInterval(() => { now.value = Date.now(); }, 10_000),
  ];
}

function end(): void {
  for (const timer of timers) clearInterval(timer);
  timers = [];
  stream.forget();
  setCsrfToken('');
  Object.assign(inner, { session: undefined, state: undefined, nodes: [], live: false });
}

setOnSignedOut(end);

/* Is somebody signed in already? Asked once, when the page opens. */
export async function resume(): Promise<void> {
  try {
    await begin(await api.session.get());
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    inner.reachable = error.status !== 0 && error.status < 500;
  } finally {
    inner.asked = true;
  }
}

export async function signIn(user: string, password: string): Promise<void> {
  const session = await api.session.signIn(user, password);
  end();
  inner.reachable = true;
  await begin(session);
}

export async function changePassword(old: string, fresh: string): Promise<void> {
  await api.session.changePassword(old, fresh);
  const session = await api.session.get();
  end();
  await begin(session);
}

export async function signOut(): Promise<void> {
  try {
    await api.session.signOut();
  } finally {
    end();
  }
}

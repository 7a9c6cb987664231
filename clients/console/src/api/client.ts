/* The gateway's operations by name. */

import { ApiError, ask, get, newKey, queryText, type Answer, type Query } from './http';
import { actionsByRights } from './offers';
import type * as T from './types';

const caseUrl = (number: string): string => `/v1/cases/${encodeURIComponent(number)}`;

export const session = {
  get: (): Promise<T.Session> => get('/v1/session'),
  signIn: async (user: string, password: string): Promise<T.Session> =>
    (await ask<T.Session>('/v1/session', { method: 'POST', body: { user, password } })).body,
  signOut: (): Promise<unknown> => ask('/v1/session', { method: 'DELETE' }),
  changePassword: (old: string, fresh: string): Promise<unknown> =>
    ask('/v1/session/password', { method: 'PUT', body: { old, new: fresh } }),
};

export const state = (): Promise<T.State> => get('/v1/state');
export const today = (): Promise<T.TodayCounts> => get('/v1/today');
/* What only a gateway beside the broker can tell; undefined: this one cannot, or not to this person. */
async function atBroker<R>(path: string): Promise<R | undefined> {
  try {
    return await get<R>(path);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 403)) return undefined;
    throw error;
  }
}
/* The directory with the state of each line, as the broker has it. */
export const lines = async (): Promise<T.AgencyNode[] | undefined> => (await atBroker<{ nodes: T.AgencyNode[] }>('/v1/admin/nodes'))?.nodes;
export const backup = (): Promise<T.BackupState | undefined> => atBroker('/v1/admin/backup');
export const brokerState = (): Promise<T.State | undefined> => atBroker('/v1/admin/state');
/* What a policy or calendar file would change at the broker; without `trial` it takes effect. */
export const install = (kind: 'policy' | 'calendar', body: string, trial: boolean): Promise<{ text: string; seq?: string }> =>
  ask<{ text: string; seq?: string }>('/v1/admin/installs', { method: 'POST', body: { kind, body, dry_run: trial } }).then((a) => a.body);
export const nodes = async (find?: string): Promise<T.AgencyNode[]> =>
  (await get<{ nodes: T.AgencyNode[] }>('/v1/nodes', { find })).nodes;

export const cases = (query: Query, signal?: AbortSignal): Promise<T.CaseList> => get('/v1/cases', query, signal);
export const caseFile = (number: string, query: Query = {}): Promise<Answer<T.Case>> => ask(caseUrl(number), { query });
/* Whether the gateway judges acts beforehand; undefined: not known yet. One that does not could take a
 * trial for the act itself, so none is asked for until it has shown that it does. */
let judges: boolean | undefined;

export async function actions(number: string): Promise<T.Action[]> {
  try {
    const { actions: list } = await get<{ actions: T.Action[] }>(`${caseUrl(number)}/actions`);
    judges = true;
    return list;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    judges ??= false;
    return actionsByRights(await rights());
  }
}

async function canTry(number: string): Promise<boolean> {
  if (judges === undefined) {
    const some = number !== '' ? number : (await cases({ limit: 1 })).cases[0]?.number;
    if (some !== undefined) await actions(some);
  }
  return judges === true;
}
export const explain = async (number: string, deadline?: number): Promise<T.Explain[]> =>
  (await get<{ deadlines: T.Explain[] }>(`${caseUrl(number)}/explain`, { deadline })).deadlines;
/* Of all its entries, in their order. */
export async function receipts(number: string): Promise<T.EntryReceipts[]> {
  const all: T.EntryReceipts[] = [];
  let cursor: string | undefined;
  do {
    const page: T.ReceiptList = await get(`${caseUrl(number)}/receipts`, { limit: 100, cursor });
    all.push(...page.entries);
    cursor = page.next;
  } while (cursor !== undefined);
  return all;
}
export const attachmentUrl = (number: string, which: number): string => `${caseUrl(number)}/attachments/${which}`;
export const uploads = {
  put: async (number: string, upload: string, part: Blob, begin: number, total: number): Promise<T.Upload> =>
    (await ask<T.Upload>(`${caseUrl(number)}/uploads/${upload}`, {
      method: 'PUT', body: part, contentRange: `bytes ${begin}-${begin + part.size - 1}/${total}`,
    })).body,
  get: (number: string, upload: string): Promise<T.Upload> => get(`${caseUrl(number)}/uploads/${upload}`),
  drop: (number: string, upload: string): Promise<unknown> => ask(`${caseUrl(number)}/uploads/${upload}`, { method: 'DELETE' }),
};
export const evidenceUrl = (number: string): string => `${caseUrl(number)}/evidence`;

export type ActBody = Record<string, unknown> & { kind: string };

export const register = (body: Record<string, unknown>, key: string): Promise<Answer<T.Settled>> =>
  ask('/v1/cases', { method: 'POST', body, key });
/* number '': an act that is not about an existing case. */
export const act = (number: string, body: ActBody, key: string, etag?: string): Promise<Answer<T.Settled>> =>
  ask(number === '' ? '/v1/acts' : `${caseUrl(number)}/acts`, { method: 'POST', body, key, ifMatch: etag });
export async function tryAct(number: string, body: ActBody): Promise<T.Trial> {
  if (!(await canTry(number))) throw new ApiError(501, { type: 'about:blank', title: 'trials', status: 501, code: 'UNSUPPORTED' });
  return (await ask<T.Trial>(number === '' ? '/v1/acts' : `${caseUrl(number)}/acts`, {
    method: 'POST', body, query: { dry_run: true }, key: newKey(),
  })).body;
}
export const submission = (number: string): Promise<T.Settled> => get(`/v1/submissions/${encodeURIComponent(number)}`);

export const deadlines = (query: Query): Promise<T.DeadlineList> => get('/v1/deadlines', query);
export const directives = (query: Query): Promise<T.DirectiveList> => get('/v1/directives', query);
export const dockets = (query: Query): Promise<T.DocketList> => get('/v1/dockets', query);
export const proposals = (query: Query): Promise<T.ProposalList> => get('/v1/proposals', query);
export const delegations = async (): Promise<T.Delegation[]> =>
  (await get<{ delegations: T.Delegation[] }>('/v1/delegations')).delegations;
export const alarms = async (limit: number): Promise<T.Alarm[]> =>
  (await get<{ alarms: T.Alarm[] }>('/v1/alarms', { limit })).alarms;
export const pending = async (limit: number): Promise<T.Pending[]> =>
  (await get<{ items: T.Pending[] }>('/v1/pending', { limit })).items;
/* What a restored record lacks; with `every` also what became of the others. */
export const former = {
  list: async (every: boolean): Promise<T.Former[]> => {
    const all: T.Former[] = [];
    let cursor: string | undefined;
    do {
      const page: { items: T.Former[]; next?: string } = await get<{ items: T.Former[]; next?: string }>('/v1/former', { all: every, limit: 500, cursor });
      all.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return all;
  },
  again: async (number: string, key: string): Promise<T.Settled> =>
    (await ask<T.Settled>(`/v1/former/${encodeURIComponent(number)}/resubmissions`, { method: 'POST', key })).body,
  strikeOff: (number: string, reason: string, key: string): Promise<unknown> =>
    ask(`/v1/former/${encodeURIComponent(number)}/dismissals`, { method: 'POST', body: { reason }, key }),
};

export const publicQuery = async (name: string, code: string): Promise<T.PublicView> =>
  (await ask<T.PublicView>('/v1/public-queries', { method: 'POST', body: { name, query_code: code } })).body;

export const rulebook = (): Promise<T.Rulebook> => get('/v1/rulebook');
export const rights = (): Promise<T.RightsView> => get('/v1/rights');
export const report = (query: Query): Promise<T.Report> => get('/v1/report', query);
export const reportFile = (as: 'csv' | 'xlsx', query: Query): string => (as === 'csv' ? '/v1/report.csv' : '/v1/report.xlsx') + queryText(query);
export const audit = (query: Query): Promise<T.AuditList> => get('/v1/audit', query);
export const logins = (query: Query): Promise<T.LoginList> => get('/v1/logins', query);
export const verify = async (askBroker: boolean): Promise<T.Verification> =>
  (await ask<T.Verification>('/v1/verifications', { method: 'POST', query: { ask_broker: askBroker } })).body;

export const tokens = {
  list: async (): Promise<T.Token[]> => (await get<{ tokens: T.Token[] }>('/v1/tokens')).tokens,
  make: async (name: string, body: Record<string, unknown>): Promise<T.Token> =>
    (await ask<T.Token>(`/v1/tokens/${encodeURIComponent(name)}`, { method: 'PUT', body })).body,
  drop: (name: string): Promise<unknown> => ask(`/v1/tokens/${encodeURIComponent(name)}`, { method: 'DELETE' }),
};

export const accounts = {
  list: async (): Promise<T.Account[]> => (await get<{ accounts: T.Account[] }>('/v1/accounts')).accounts,
  get: (name: string): Promise<Answer<T.Account>> => ask(`/v1/accounts/${encodeURIComponent(name)}`),
  put: (name: string, body: Record<string, unknown>, etag: string): Promise<Answer<T.Account>> =>
    ask(`/v1/accounts/${encodeURIComponent(name)}`, {
      method: 'PUT', body, ...(etag === '' ? { ifNoneMatch: '*' } : { ifMatch: etag }),
    }),
};

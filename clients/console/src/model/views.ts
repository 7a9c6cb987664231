/* Saved views of the list of cases: a name and its filters, kept in this browser for this account. */

export interface View { name: string; query: Record<string, string> }

const LIMIT = 30;
const keyOf = (user: string): string => `jiaoban.views.${user}`;

function isView(value: unknown): value is View {
  if (typeof value !== 'object' || value === null) return false;
  const { name, query } = value as { name?: unknown; query?: unknown };
  return typeof name === 'string' && typeof query === 'object' && query !== null &&
    Object.values(query).every((v) => typeof v === 'string');
}

export function readViews(storage: Storage, user: string): View[] {
  try {
    const list: unknown = JSON.parse(storage.getItem(keyOf(user)) ?? '[]');
    return Array.isArray(list) ? list.filter(isView).slice(0, LIMIT) : [];
  } catch {
    return [];
  }
}

/* A name that is there already is replaced. False: the browser keeps nothing for us. */
export function writeViews(storage: Storage, user: string, views: readonly View[]): boolean {
  try {
    storage.setItem(keyOf(user), JSON.stringify(views.slice(0, LIMIT)));
    return true;
  } catch {
    return false;
  }
}

export function withView(views: readonly View[], view: View): View[] {
  return [...views.filter((v) => v.name !== view.name), view].slice(-LIMIT);
}

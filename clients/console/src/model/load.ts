/* One thing that a page shows: loading, here, or why not. A later question wins over an earlier one. */

import { onScopeDispose, ref, shallowRef, type Ref } from 'vue';
import { ApiError } from '@/api/http';
import { t } from '@/i18n';
import { named } from '@/i18n';
import { refusals } from '@/i18n/refusals';
import { article } from '@/i18n/article';

/* What went wrong, for people: a refusal with its article, a missing right, a line that is down. */
export function explainError(error: unknown): string {
  if (!(error instanceof ApiError)) return t('error.unknown', { text: error instanceof Error ? error.message : '' });
  const { status, problem } = error;
  if (status === 0) return t('error.unreachable');
  if (problem.refusal !== undefined) return refusalText(problem.refusal);
  const name = problem.code ?? '';
  if (name in refusals) return refusalText({ name, detail: problem.detail });
  if (name === 'KEY_UNFIT') return t('error.keyUnfit');
  if (status === 401) return t('error.signedOut');
  if (status === 403) return t('error.denied');
  if (status === 404) return t('error.notFound');
  if (status === 412) return t('error.changed');
  if (status === 413) return t('error.tooLarge');
  if (status === 429) return t('error.tooMany', { n: problem.retry_after_s ?? 60 });
  if (status === 501) return t('error.noTrial');
  if (status >= 500) return t('error.agentAway', { text: problem.detail ?? problem.title });
  return t('error.other', { text: problem.detail ?? problem.title, field: problem.field ?? '' });
}

export interface Refusal { name?: string; article?: string; detail?: string; holder_name?: string }

export function refusalText(r: Refusal): string {
  const parts = [r.name === 'DENIED' ? t('error.denied') : named(refusals, r.name)];
  const where = article(r.article);
  if (where !== '') parts.push(t('refusal.article', { text: where }));
  if (r.detail !== undefined && r.detail !== '') parts.push(t('refusal.detail', { text: r.detail }));
  if (r.holder_name !== undefined && r.holder_name !== '') parts.push(t('refusal.holder', { name: r.holder_name }));
  return parts.join('');
}

export interface Load<T> {
  data: Ref<T | undefined>;
  error: Ref<string>;
  loading: Ref<boolean>;
  reload: () => Promise<void>;
}

export function useLoad<T>(ask: () => Promise<T>): Load<T> {
  const data = shallowRef<T>();
  const error = ref('');
  const loading = ref(false);
  let last = 0;
  const reload = async (): Promise<void> => {
    const mine = ++last;
    loading.value = true;
    try {
      const got = await ask();
      if (mine !== last) return;
      data.value = got;
      error.value = '';
    } catch (problem) {
      if (mine === last) error.value = explainError(problem);
    } finally {
      if (mine === last) loading.value = false;
    }
  };
  onScopeDispose(() => { last = -1; });
  return { data, error, loading, reload };
}

/* Calls again at most once in the given time: events come in bursts. */
export function calm(action: () => void, waitMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  onScopeDispose(() => clearTimeout(timer));
  return () => {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      action();
    }, waitMs);
  };
}

/* What a document says of a case and of one act of its timeline. Documents are Chinese, whatever
 * language the reader's console speaks. */

import type { Case, TimelineItem } from '@/api/types';
import * as words from '@/i18n/words';
import type { Word } from '@/i18n/words';
import { acts } from '@/i18n/acts';
import { protocolCode } from '@/model/acts';
import { instant, longDay, ms } from '@/model/time';

type NameOf = (node: number) => string;

const chinese = (list: readonly Word[], value: unknown): string => {
  if (typeof value === 'number') return list.find(([number]) => number === value)?.[2] ?? '';
  if (typeof value === 'string') return list.find(([, code]) => protocolCode(code) === value)?.[2] ?? '';
  return '';
};
const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
const lastDay = (value: unknown): string => (ms(text(value)) === 0 ? '' : longDay(ms(text(value)) - 1));

function namesOf(value: unknown, nameOf: NameOf): string {
  if (typeof value === 'number' && value !== 0) return nameOf(value);
  return Array.isArray(value) ? value.map((v) => nameOf(Number(v))).join('、') : '';
}

export function documentValues(c: Case, item: TimelineItem | undefined, nameOf: NameOf, agency: string, now: number): Record<string, string> {
  const act = item?.act ?? { kind: '' };
  const petitioners = c.petitioners.map((p) => p.name ?? '').filter((name) => name !== '');
  const handle = c.deadlines.find((d) => d.key === 'handle' || d.key === 'assigned');
  return {
    number: c.number ?? '', title: c.title ?? '', content: c.content ?? '',
    petitioner: petitioners.length > 0 ? petitioners.join('、') : '信访人',
    people: text(c.people), channel: chinese(words.channels, c.channel), matter: chinese(words.matters, c.matter),
    class_code: c.class_code ?? '', stage: chinese(words.stages, c.stage),
    registrar: c.registrar_name ?? '', host: c.host_name ?? '', registered: longDay(c.registered_at_ms),
    handle_due: handle === undefined ? '' : lastDay(handle.due_ms),
    agency: item?.node_name ?? agency,
    date: longDay(item === undefined ? now : item.at_ms), act_date: longDay(item?.at_ms),
    act: acts[act.kind]?.[0] ?? '',
    to: namesOf(act['node'], nameOf) || namesOf(act['audience'], nameOf), co_handlers: namesOf(act['co_handlers'], nameOf),
    notice_no: text(act['notice_no']), opinion_no: text(act['opinion_no']), docket_no: text(act['docket_no']),
    exit: chinese(words.exits, act['exit'] ?? c.exit), opinion: chinese(words.opinions, act['opinion']),
    decline_kind: chinese(words.declines, act['decline_kind']), step: chinese(words.steps, act['step']),
    reason: text(act['reason']), text: text(act['text']), basis: text(act['basis']), days: text(act['days']),
    approved_by: text(act['approved_by']), countersigned_by: text(act['countersigned_by']),
    report_form: text(act['report_form']), how: text(act['how']), person: text(act['person']),
    told: instant(ms(text(act['told_at_ms']))), due: lastDay(act['due_ms']),
  };
}

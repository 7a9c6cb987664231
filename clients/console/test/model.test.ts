import { beforeEach, describe, expect, it } from 'vitest';
import { queryText, newKey } from '@/api/http';
import { actionsByRights } from '@/api/offers';
import type { AgencyNode, Case, CaseRow, EntryReceipts, Figure, Receipt } from '@/api/types';
import { locale, named, word, wordOf, flagWords } from '@/i18n';
import { article, numeral } from '@/i18n/article';
import { ruleValue } from '@/i18n/rules';
import { acts } from '@/i18n/acts';
import * as words from '@/i18n/words';
import { actForms, bodyOf, missing, protocolCode, startValues } from '@/model/acts';
import { caseNumber } from '@/model/caseno';
import { alarmText } from '@/model/alarms';
import { csv, csvCell } from '@/model/csv';
import { broken, counted, custody } from '@/model/custody';
import { details } from '@/model/details';
import { largest, matrix, rateText } from '@/model/figures';
import { refusalText } from '@/model/load';
import { choosable } from '@/model/nodes';
import { choices, lastMonths, period } from '@/model/periods';
import { orderText } from '@/model/powers';
import { blankPerson, registration, type Registration } from '@/model/registration';
import { departmentPattern, suggest } from '@/model/suggest';
import { DAY, day, dayStart, dueText, instant, instantOf, longDay, remaining } from '@/model/time';
import { cut, isSummons } from '@/model/today';
import { crc32, xlsx } from '@/model/xlsx';
import { readViews, withView, writeViews } from '@/model/views';

const at = (text: string): number => Date.parse(`${text}+08:00`);
beforeEach(() => { locale.value = 'zh'; });

describe('time', () => {
  it('is China’s, wherever the reader is', () => {
    expect(instant(String(at('2026-11-23T00:05:09')), true)).toBe('2026-11-23 00:05:09');
    expect(day(String(at('2026-12-31T23:59:59')))).toBe('2026-12-31');
    expect(longDay(at('2026-01-02T00:00:00'))).toBe('2026年1月2日');
    expect(day(undefined)).toBe('');
    expect(day('0')).toBe('');
  });
  it('a deadline ends with the last day on which it can be met', () => {
    expect(dueText(String(at('2026-12-21T00:00:00')))).toBe('2026-12-20');
    expect(dueText(String(at('2026-12-20T14:30:00')))).toBe('2026-12-20 14:30');
  });
  it('reads days and instants of forms, and nothing else', () => {
    expect(dayStart('2026-02-28')).toBe(at('2026-02-28T00:00:00'));
    for (const bad of ['2026-02-30', '2026-13-01', '28.2.2026', '']) expect(dayStart(bad)).toBe(0);
    expect(instantOf('2026-02-28T09:30')).toBe(at('2026-02-28T09:30:00'));
    expect(instantOf('2026-02-30T09:30')).toBe(0);
  });
  it('counts down, and up once it is over', () => {
    const now = at('2026-11-23T12:00:00');
    expect(remaining(String(now + 3 * DAY), now)).toBe('还剩 3 天');
    expect(remaining(String(now + 2 * 3_600_000), now)).toBe('还剩 2 小时');
    expect(remaining(String(now - 1), now)).toBe('已超 1 分钟');
    locale.value = 'en';
    expect(remaining(String(now - 5 * DAY), now)).toBe('5 days over');
  });
});

describe('words', () => {
  it('of a newer protocol stand as they are', () => {
    expect(word(words.stages, 3)).toBe('已签收');
    expect(word(words.stages, 99)).toBe('99');
    expect(word(words.stages, undefined)).toBe('');
    expect(wordOf(words.lines, 'in_sync')).toBe('已同步');
    expect(wordOf(words.demands, 'on_site')).toBe('现场核查');
    expect(named(acts, 'newer_act')).toBe('newer_act');
    expect(flagWords(words.flags, 8 | 16)).toEqual(['重大紧急', '三跨三分离']);
  });
  it('articles as they are cited', () => {
    expect(numeral(10)).toBe('十');
    expect(numeral(34)).toBe('三十四');
    expect(article('23(3)')).toBe('《信访工作条例》第二十三条第三款');
    expect(article('22(3)')).toBe('《信访工作条例》第二十二条第（三）项');
    expect(article('SPEECH')).toBe('第一交办权');
    expect(article('P4.1')).toBe('本系统规则第4.1条');
    expect(article('《信访工作条例》第三十四条')).toBe('《信访工作条例》第三十四条');
    locale.value = 'en';
    expect(article('34')).toBe('Regulations, Art. 34');
    expect(article('《信访工作条例》第二十三条第三款')).toBe('Regulations, Art. 23, paragraph 3');
    expect(article('《信访工作条例》第二十二条第（三）项；第一交办权·督查督促权')).toBe('Regulations, Art. 22, item 3; first assignment authority, power to supervise and urge');
    expect(article('某规定')).toBe('某规定');
  });
  it('a refusal says the rule, its article, the particulars and the holder', () => {
    const stale = refusalText({ name: 'STALE_CUSTODY', detail: 'custody 3', holder_name: '住建局' });
    expect(stale).toMatch(/^[^：]*[\u4e00-\u9fff]：custody 3；目前由住建局承办$/);
    expect(refusalText({ name: 'EXTENDED_ALREADY', article: '34' })).toContain('第三十四条');
    expect(refusalText({ name: 'DENIED' })).toBe('您的角色没有这项权限。');
    expect(refusalText({ name: 'NEWER_RULE' })).toBe('NEWER_RULE');
  });
});

describe('case numbers', () => {
  it('are grouped as people read them', () => {
    expect(caseNumber('2026112300003000495')).toBe('20261123-00003-00049-5');
    expect(caseNumber('2026112300003000495', 'shown')).toBe('shown');
    for (const bad of [undefined, '0', 'x', '12345678901234567890']) expect(caseNumber(bad)).toBe('');
  });
});

describe('acts as forms', () => {
  it('every field of every act has a label, every choice a code of the protocol', async () => {
    const { zh } = await import('@/i18n/zh');
    for (const [kind, form] of Object.entries(actForms)) {
      expect(zh[`do.${kind}` as keyof typeof zh]).toBe(acts[kind]?.[0]);
      for (const field of form.fields) {
        expect(zh, `${kind}.${field.name}`).toHaveProperty([`field.${field.name}`]);
        expect(field.type !== 'choice' || (field.words?.length ?? 0) > 0, `${kind}.${field.name}`).toBe(true);
      }
    }
  });
  it('sends what is given, in the protocol’s words, and leaves the rest out', () => {
    const fields = actForms['assign']?.fields ?? [];
    const values = { ...startValues(fields), node: '42', authority: 'first-assignment', due_ms: '2026-12-20', text: '请办理', basis: '  ' };
    expect(bodyOf('assign', fields, values)).toEqual({ kind: 'assign', node: 42, authority: 'first_assignment', due_ms: String(at('2026-12-21T00:00:00')), text: '请办理' });
    expect(missing(fields, startValues(fields))).toEqual(['node']);
  });
  it('knows the words that the protocol spells differently', () => {
    expect([protocolCode('petition'), protocolCode('not'), protocolCode('basically'), protocolCode('agree'), protocolCode('refuse'), protocolCode('on-site')]).toEqual(['residue', 'not_satisfied', 'basically_satisfied', 'agreed', 'refused', 'on_site']);
  });
  it('reads lists of numbers, ticks and instants', () => {
    const split = actForms['split']?.fields ?? [];
    expect(bodyOf('split', split, { other_case_nos: '20261123-00003-00049-5，\n20261123-00003-00050-2', reason: '' })).toEqual({ kind: 'split', other_case_nos: ['20261123-00003-00049-5', '20261123-00003-00050-2'] });
    const notify = actForms['notify']?.fields ?? [];
    expect(bodyOf('notify', notify, { told_at_ms: '2026-11-23T10:00', notice_no: '', how: '邮寄' })).toEqual({ kind: 'notify', told_at_ms: String(at('2026-11-23T10:00:00')), how: '邮寄' });
  });
});

describe('suggestions', () => {
  const nodes: AgencyNode[] = [
    { node: 2, name: '县信访局', node_kind: 1, level: 4 },
    { node: 3, name: '县住房和城乡建设局', node_kind: 4, level: 4 },
    { node: 4, name: '县人力资源和社会保障局', node_kind: 4, level: 4 },
    { node: 5, name: '过风楼镇', node_kind: 3, level: 5, region: '611023105' },
    { node: 6, name: '旧住建局', node_kind: 4, level: 4, valid_to_ms: '1' },
  ];
  const c: CaseRow = { number: 'x', matter: 3, class_code: '城乡建设', place_code: '611023105001' };
  it('names the department of the class and the town of the place, with reasons', () => {
    const list = suggest(c, nodes, [], 2, 1000);
    expect(list.map((s) => s.node)).toEqual([3, 5]);
    expect(list[0]?.reasons).toEqual([{ kind: 'class', classCode: '城乡建设' }]);
    expect(list[1]?.reasons).toEqual([{ kind: 'place', place: '611023105001' }]);
  });
  it('what was handled before counts for more', () => {
    const earlier = [1, 2, 3].map((i): CaseRow => ({ number: `e${i}`, class_code: '城乡建设', host: 4, stage: 6 }));
    const list = suggest(c, nodes, earlier, 2, 1000);
    expect(list[0]?.node).toBe(4);
    expect(list[0]?.reasons).toEqual([{ kind: 'history', count: 3, of: 3, classCode: '城乡建设' }]);
  });
  it('never for an accusation, never to oneself or to an agency that is gone', () => {
    expect(suggest({ ...c, matter: 2 }, nodes, [], 2, 1000)).toEqual([]);
    expect(suggest(c, nodes, [], 3, 1000).map((s) => s.node)).toEqual([5]);
    expect(departmentPattern('城乡建设/安全生产')?.test('住建局')).toBe(true);
    expect(departmentPattern('')).toBeUndefined();
  });
});

describe('custody', () => {
  const empty: Case = { links: [], ratings: [], directives: [], dockets: [], accused: [], recused: [], participants: [{ node: 3, node_name: '住建局' }], deadlines: [], petitioners: [], timeline: [], attachments: [] };
  const item = (kind: string, seq: string, when: string, act: object, more: object = {}): Case['timeline'][number] => ({ kind, seq, at_ms: String(at(when)), act: { kind, ...act }, effects: [], stored_by: [], ...more });
  const given = (seq: string, node: number, state: Receipt['state'], when = ''): EntryReceipts => ({
    seq, kind: 'assign', sent: { node: 1, state: 'proven' }, receipts: [{ node: 2, state: 'proven', own: true }, { node, node_name: `单位${node}`, state, at_ms: when === '' ? undefined : String(at(when)) }],
  });
  const handed = { ...empty, timeline: [
    item('register', '1', '2026-11-23T09:00:00', {}),
    item('assign', '2', '2026-11-23T10:00:00', { node: 3 }),
    item('stored', '3', '2026-11-23T10:42:07', { node: 3, items: [{ log_seq: '2' }] }),
    item('sign_for', '4', '2026-11-23T11:00:00', {}, { node: 3, user: 'wang' }),
    item('assign', '5', '2026-11-24T10:00:00', { node: 4 }),
  ] };
  it('tells since when an agency has held it, as its receipt says', () => {
    const legs = custody(handed, [given('2', 3, 'proven', '2026-11-23T10:42:06'), given('5', 4, 'waiting')]);
    expect(legs.map((l) => [l.node, l.name, l.state])).toEqual([[4, '单位4', 'waiting'], [3, '单位3', 'proven']]);
    expect(instant(legs[1]?.heldAt, true)).toBe('2026-11-23 10:42:06');
    expect([legs[1]?.signedBy, instant(legs[1]?.until)]).toEqual(['wang', '2026-11-24 10:00']);
    expect(legs[0]?.heldAt).toBe(0);
  });
  it('what the timeline says of receipts proves nothing, nor does a receipt for another entry or of another agency', () => {
    for (const entries of [[], [given('4', 3, 'proven')], [given('2', 9, 'proven')]]) expect(custody(handed, entries).map((l) => l.state)).toEqual(['', '']);
    const waits = { ...empty, timeline: [item('assign', '', '2026-11-23T12:00:00', { node: 4 }, { pending: true })] };
    expect(custody(waits, [given('', 4, 'proven')])).toEqual([]);
  });
  it.each(['proven', 'broken', 'unproven', 'waiting', 'untold'] as const)('says %s as it was said', (state) => {
    expect(custody(handed, [given('2', 3, state)])[1]?.state).toBe(state);
    expect(counted([given('2', 3, state)], state)).toBe(state === 'proven' ? 3 : 1);
    expect(broken([given('2', 3, state)]).map((b) => [b.entry.seq, b.receipt.node, b.byBroker])).toEqual(state === 'broken' ? [['2', 3, false]] : []);
  });
  it('what the broker signed can fail to hold too', () => {
    expect(broken([{ seq: '2', sent: { node: 1, state: 'broken' }, receipts: [] }]).map((b) => b.byBroker)).toEqual([true]);
  });
});

describe('figures', () => {
  const figures: Figure[] = [
    { indicator: 'on-time-answer', node: 3, node_name: '住建局', numerator: '9', denominator: '12', numbers: [], counted: [] },
    { indicator: 'repeat', node: 3, numerator: '0', denominator: '0', no_data: true, numbers: [], counted: [] },
  ];
  it('an empty denominator is no data, never 0 or 100 %', () => {
    expect(figures.map(rateText)).toEqual(['75.0% (9/12)', '无数据']);
    expect(matrix(figures)).toHaveLength(1);
  });
  it('a chart shows the largest, and the rest together', () => {
    const rows = [1, 2, 3].map((n): Figure => ({ key: String(n), numerator: String(n), numbers: [], counted: [] }));
    expect(largest(rows, 2, 'rest', (f) => f.key ?? '')).toEqual([{ name: '3', value: 3 }, { name: '2', value: 2 }, { name: 'rest', value: 1 }]);
  });
  it('periods are months, quarters and years of China', () => {
    expect(period('2026Q4')).toEqual({ from: at('2026-10-01T00:00:00'), to: at('2027-01-01T00:00:00') });
    expect(period('2026-12')?.to).toBe(at('2027-01-01T00:00:00'));
    for (const bad of ['2026-13', '26', '2026Q5', '']) expect(period(bad)).toBeUndefined();
    expect(choices(at('2026-02-01T00:00:00')).slice(0, 3)).toEqual(['2026-02', '2026-01', '2025-12']);
    expect(choices(at('2026-02-01T00:00:00'))).toContain('2025Q4');
    expect(lastMonths(at('2026-11-23T00:00:00'))[11]).toBe('2026-11');
  });
});

describe('tables for a spreadsheet', () => {
  it('quote, and keep texts texts', () => {
    expect(csv([['a', 'b,"c"'], ['=1+1', -5]])).toBe('\uFEFFa,"b,""c"""\r\n\'=1+1,-5\r\n');
    for (const start of ['=', '+', '-', '@', '\t']) expect(csvCell(`${start}cmd`)).toContain(`'${start}cmd`);
  });
});

describe('saved views', () => {
  class Store implements Storage {
    [name: string]: unknown;
    private readonly map = new Map<string, string>();
    get length(): number { return this.map.size; }
    clear(): void { this.map.clear(); }
    getItem(key: string): string | null { return this.map.get(key) ?? null; }
    key(): string | null { return null; }
    removeItem(key: string): void { this.map.delete(key); }
    setItem(key: string, value: string): void { this.map.set(key, value); }
  }
  it('are kept for each account, and nonsense is not believed', () => {
    const store = new Store();
    expect(writeViews(store, 'li', withView([], { name: '红灯', query: { light: 'red' } }))).toBe(true);
    expect(readViews(store, 'li')).toEqual([{ name: '红灯', query: { light: 'red' } }]);
    expect(readViews(store, 'wang')).toEqual([]);
    for (const bad of ['{', '{}', '[1]', '[{"name":"a","query":{"x":1}}]']) {
      store.setItem('jiaoban.views.li', bad);
      expect(readViews(store, 'li')).toEqual([]);
    }
  });
  it('a name is replaced, not doubled', () => {
    const one = withView([], { name: 'a', query: {} });
    expect(withView(one, { name: 'a', query: { open: 'true' } })).toEqual([{ name: 'a', query: { open: 'true' } }]);
  });
});

describe('workbook', () => {
  it('has the checksum that everybody has', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
  it('keeps texts texts and numbers numbers, and ends with its directory', async () => {
    const bytes = new Uint8Array(await xlsx('a/b', [['=1+1', '<x>&', 5], ['文\u0001', -1]]).arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    expect(text).toContain('<row><c t="inlineStr"><is><t xml:space="preserve">=1+1</t></is></c><c t="inlineStr"><is><t xml:space="preserve">&lt;x&gt;&amp;</t></is></c><c><v>5</v></c></row>');
    expect(text).toContain('>文</t></is></c><c><v>-1</v></c>');
    expect(text).toContain('sheet name="a b"');
    const end = new DataView(bytes.buffer, bytes.length - 22);
    expect(end.getUint32(0, true)).toBe(0x06054b50);
    expect(end.getUint16(10, true)).toBe(5);
    expect(end.getUint32(16, true) + end.getUint32(12, true)).toBe(bytes.length - 22);
    expect(new DataView(bytes.buffer).getUint32(end.getUint32(16, true), true)).toBe(0x02014b50);
  });
});

describe('alarms', () => {
  it('are told in the language of the reader', () => {
    expect(alarmText({ kind: 'refused', submission: '123', text: 'submission 123 from the outbox was refused' })).toBe('发件箱中的一项提交被拒绝，没有生效：第 123 号提交');
    expect(alarmText({ kind: 'directive_missed', due_ms: '1795936725013', text: 'a directive was not followed, deadline 6 (assigned), due 2026-11-29 15:18' })).toContain('交办期限，2026-11-29 15:18 到期');
    expect(alarmText({ kind: 'warn', text: 'handle' })).not.toContain('handle');
  });
});

describe('today', () => {
  it('a count that the gateway cut says so', () => {
    expect([cut(undefined), cut(7), cut(1000)]).toEqual([{ n: 0, more: false }, { n: 7, more: false }, { n: 1000, more: true }]);
  });
  it('a summons burns until it is answered', () => {
    const d = { demand: 5, status: 2, targets: [{ state: 1 }] };
    expect(isSummons(d)).toBe(true);
    expect(isSummons({ ...d, targets: [{ state: 3 }] })).toBe(false);
    expect(isSummons({ ...d, demand: 1 })).toBe(false);
  });
});

describe('offers without a judge', () => {
  it('are what a person’s rights cover', () => {
    const list = actionsByRights({ roles: [], rights: [{ right: 'handle', roles: [], mine: true, what: ['answer', 'close'] }, { right: 'rule', roles: [], mine: false, what: ['reopen'] }] });
    expect(list.filter((a) => a.allowed).map((a) => a.kind)).toEqual(['answer', 'close']);
    expect(list.find((a) => a.kind === 'reopen')?.name).toBe('DENIED');
  });
});

describe('requests', () => {
  it('leave out what is not given', () => {
    expect(queryText({ a: 1, b: '', c: undefined, d: false, e: true, f: '土 地' })).toBe('?a=1&e=true&f=%E5%9C%9F+%E5%9C%B0');
    expect(queryText({})).toBe('');
    expect(newKey()).toMatch(/^[0-9a-f]{32}$/);
    expect(newKey()).not.toBe(newKey());
  });
  it('a registration names only what was filled in', () => {
    const form: Registration = { matter: 'appeal', channel: 'visit', title: ' 路灯不亮 ', content: '', class_code: '', place_code: '', people: 1, flags: [1, 8], received: '', foreign_system: '', foreign_number: '', accused: [7], persons: [blankPerson(), { ...blankPerson(), name: '张某' }] };
    expect(registration(form)).toEqual({ matter: 'appeal', channel: 'visit', title: '路灯不亮', people: 1, flags: 9, persons: [{ name: '张某', main_visitor: true }] });
    expect(registration({ ...form, matter: 'accusation' })['accused']).toEqual([7]);
  });
  it('agencies to choose from are no broker, and found by name or code', () => {
    const nodes = [{ node: 1, name: '中心', node_kind: 8 }, { node: 3, name: '住建局', code: 'zjj', node_kind: 4 }, { node: 4, name: '人社局', code: 'rsj', node_kind: 4 }];
    expect(choosable(nodes, '').map((n) => n.node)).toEqual([3, 4]);
    expect(choosable(nodes, 'ZJ').map((n) => n.node)).toEqual([3]);
    expect(choosable(nodes, 'zj', [4]).map((n) => n.node)).toEqual([3, 4]);
  });
});

describe('orders and particulars', () => {
  it('reads as a letter', () => {
    const lines = orderText({ power: '督查督促权', subject: '路灯不亮', number: 'n', to: ['住建局'], co: [], basis: '', text: '请说明', due: '2026-12-01', reportForm: '', official: '李某', countersignedBy: '', issuer: '信访局', day: '2026年11月23日' });
    expect(lines[0]).toBe('住建局：');
    expect(lines.join('\n')).toContain('请于 2026-12-01 24时前完成。');
    expect(lines.join('\n')).not.toContain('协办');
  });
  it('an act’s fields in words, without what says nothing', () => {
    const rows = details({ kind: 'assign', case_no: '1', custody: 2, node: 3, authority: 'first_assignment', due_ms: String(at('2026-12-21T00:00:00')), text: 'x', co_handlers: [] }, (n) => `单位${n}`);
    expect(rows.map((r) => r.text)).toEqual(['单位3', '第一交办权', '2026-12-20', 'x']);
    expect(details({ kind: 'accept', exit: 'residue' }, String).map((r) => r.text)).toEqual(['信访程序']);
    expect(details(undefined, String)).toEqual([]);
  });
});

describe('rules', () => {
  it('are told with their units, in words', () => {
    expect(ruleValue('15 d', '', true)).toBe('15 自然日');
    expect(ruleValue('5 wd', '', false)).toBe('5 working days');
    expect(ruleValue('60', 'calendar', true)).toBe('60 自然日');
    expect(ruleValue('yes', '', true)).toBe('是');
    expect(ruleValue('yes', '', false)).toBe('yes');
    expect(ruleValue('', '', true)).toBe('');
  });
});

/* A made-up county for the pages: a few agencies and cases, one of each trouble, and texts that try to
 * be markup. Every answer is shaped as clients/gateway/openapi.yaml says; a test holds them against it. */

const DAY = 86_400_000;
const HOUR = 3_600_000;
const now = Date.now();
const ago = (days) => String(now - days * DAY);
const ahead = (days) => String(Math.floor((now + 8 * HOUR) / DAY + days + 1) * DAY - 8 * HOUR);
export const NASTY = '<img src=x onerror="document.title=\'hit\'"><script>document.title=\'hit\'</script>{{constructor.constructor(1)}}';

const OFFICE = 2;
const HOUSING = 3;
const LABOUR = 4;
const TOWN = 5;
const NODES = [
  { node: 1, code: 'broker', name: '中心', level: 4, node_kind: 8, has_agent: false },
  { node: OFFICE, code: 'xfj', name: '县信访局', level: 4, parent: 7, node_kind: 1, region: '611023', has_agent: true, valid_from_ms: ago(900) },
  { node: HOUSING, code: 'zjj', name: '县住房和城乡建设局', level: 4, parent: 7, node_kind: 4, region: '611023', has_agent: true, valid_from_ms: ago(900) },
  { node: LABOUR, code: 'rsj', name: '县人力资源和社会保障局', level: 4, parent: 7, node_kind: 4, region: '611023', has_agent: true, valid_from_ms: ago(900) },
  { node: TOWN, code: 'gfl', name: '过风楼镇', level: 5, parent: 7, node_kind: 3, region: '611023105', has_agent: true, valid_from_ms: ago(900) },
  { node: 6, code: 'jw', name: '县纪委监委', level: 4, parent: 7, node_kind: 5, region: '611023', has_agent: false, valid_from_ms: ago(900) },
  { node: 7, code: 'xzf', name: '县人民政府', level: 4, node_kind: 3, region: '611023', has_agent: true, valid_from_ms: ago(900) },
];
const nameOf = (node) => NODES.find((n) => n.node === node)?.name ?? '';

const CLERK = ['anyone', 'ask', 'look', 'persons', 'query', 'register', 'send', 'handle', 'object', 'recuse', 'rate', 'alarms', 'attach'];
const LEADER = ['anyone', 'ask', 'look', 'persons', 'object', 'rule', 'recuse', 'direct', 'countersign', 'delegate', 'appraise', 'alarms', 'erase', 'evidence', 'verify'];
const OTHERS = ['rule', 'direct', 'appraise', 'evidence', 'verify', 'audit_case'];
const agency = (node) => ({ node, code: NODES.find((n) => n.node === node).code, name: nameOf(node), level: 4, node_kind: NODES.find((n) => n.node === node).node_kind });
const LINES = NODES.map((n, i) => (n.has_agent ? { ...n, connected: i !== 3, last_seen_ms: ago(i === 3 ? 0.2 : 0), stream_number: '500', acked_number: i === 3 ? '480' : '500' } : n));
const session = (user, display_name, node, roles, rights, more = {}) => ({ user, display_name, method: 'password', expires_at_ms: ahead(1), agency: agency(node), roles, rights, ...more });
const SESSIONS = {
  clerk: session('clerk', '李经办', OFFICE, ['clerk', 'supervisor'], [...new Set([...CLERK, ...OTHERS])]),
  leader: session('leader', '王局长', OFFICE, ['leader'], LEADER),
  agency: session('agency', '赵科员', HOUSING, ['clerk'], CLERK),
  admin: session('admin', '钱管理', OFFICE, ['administrator', 'auditor'], ['anyone', 'ask', 'verify', 'reload', 'audit', 'audit_case', 'appraise']),
  both: session('both', '孙两任', OFFICE, ['clerk', 'administrator'], [...new Set([...CLERK, 'reload', 'verify'])]),
  fresh: session('fresh', '新人', HOUSING, ['clerk'], CLERK, { must_change_password: true }),
};

const number = (i) => `20261123-00002-${String(i).padStart(5, '0')}-${i % 10}`;
const caseNo = (i) => number(i).replaceAll('-', '');
const TITLES = ['文卫路路灯长期不亮', '拖欠工程款和农民工工资', '老旧小区漏水无人维修', '过风楼镇道路损毁', '社保关系转移受阻', '商品房逾期交房', '自来水水质浑浊', NASTY];
const CLASSES = ['城乡建设', '劳动和社会保障', '城乡建设', '交通运输', '劳动和社会保障', '城乡建设', '卫生计生', '城乡建设'];

function caseRow(i) {
  const stage = [1, 2, 4, 6, 1, 3, 8, 4][i % 8];
  const host = [OFFICE, LABOUR, HOUSING, TOWN, OFFICE, HOUSING, LABOUR, HOUSING][i % 8];
  const light = ['green', 'yellow', 'red', 'done', 'green', 'yellow', 'done', 'red'][i % 8];
  return {
    case_no: caseNo(i), number: number(i), title: `${TITLES[i % 8]}${i >= 8 ? `（${i}）` : ''}`, stage, matter: i === 4 ? 2 : 3, channel: (i % 4) + 1, flags: [0, 8, 1, 16, 0, 4, 0, 0][i % 8],
    people: (i % 5) + 1, class_code: CLASSES[i % 8], place_code: i % 8 === 3 ? '611023105001' : '611023', registrar: OFFICE, registrar_name: nameOf(OFFICE), host, host_name: nameOf(host),
    custody: 2, authority: stage === 1 ? 0 : 4, hops: 1, objection_open: i % 8 === 5, light, next_due_ms: light === 'done' ? undefined : light === 'red' ? ago(3) : ahead(i % 8),
    next_key: light === 'done' ? undefined : stage === 1 ? 'sort' : 'handle', registered_at_ms: ago(10 + i), updated_at_ms: ago(1), pending: i === 2 ? 1 : 0,
  };
}

const deadline = (i, more = {}) => ({
  case_no: caseNo(i), deadline_id: 3, key: 'handle', node: HOUSING, node_name: nameOf(HOUSING), trigger_ms: ago(20), limit: 60, unit: 1, due_ms: ahead(5), article: '《信访工作条例》第三十四条', light: 'yellow',
  provisional: false, policy_version: '2022-05-01.2', calendar_version: 'cn-2026', stored_at_ms: ago(9.9), title: TITLES[i % 8], key_text: '办理期限', ...more,
});
const DEADLINES = [
  deadline(2, { due_ms: ago(3), missed_at_ms: ago(3), light: 'red', acknowledged_at_ms: ago(9), acknowledged_by: 'zhao' }),
  deadline(0, { deadline_id: 1, key: 'sort', key_text: '分送期限', node: OFFICE, node_name: nameOf(OFFICE), limit: 15, due_ms: ahead(0), article: '《信访工作条例》第二十二条' }),
  deadline(7, { deadline_id: 4, key: 'notify', key_text: '受理告知期限', limit: 15, due_ms: ahead(3), provisional: true, extensions: 1, original_due_ms: ahead(1) }),
];

const target = (node, more = {}) => ({ node, node_name: nameOf(node), state: 1, stored_at_ms: ago(2), ...more });
const DIRECTIVES = [
  { case_no: caseNo(1), number: number(1), title: TITLES[1], directive_no: '1', power: 4, demand: 5, issuer: OFFICE, issuer_name: nameOf(OFFICE), authority: 4, level: 4, people: 62, status: 2, issued_at_ms: ago(0.02), due_ms: String(now + HOUR), official: '王局长', targets: [target(TOWN, { stored_at_ms: undefined }), target(HOUSING)], light: 'red' },
  { case_no: caseNo(2), number: number(2), title: TITLES[2], directive_no: '2', power: 4, demand: 1, issuer: OFFICE, issuer_name: nameOf(OFFICE), authority: 4, level: 4, status: 1, issued_at_ms: ago(1), due_ms: ahead(4), official: '王局长', targets: [target(HOUSING)], light: 'yellow' },
  { case_no: caseNo(90), number: number(90), title: '三季度信访工作情况通报', directive_no: '1', power: 5, issuer: OFFICE, issuer_name: nameOf(OFFICE), authority: 4, level: 4, status: 2, issued_at_ms: ago(5), official: '王局长', targets: [target(HOUSING, { state: 2, signed_at_ms: ago(4) }), target(LABOUR), target(TOWN, { state: 2, signed_at_ms: ago(3) })], light: 'green' },
  { case_no: caseNo(3), number: number(3), title: TITLES[3], directive_no: '1', power: 3, issuer: OFFICE, issuer_name: nameOf(OFFICE), authority: 5, level: 4, status: 2, issued_at_ms: ago(6), due_ms: ahead(9), official: '王局长', countersigned_by: '张县长', targets: [target(TOWN, { state: 3, signed_at_ms: ago(5), answered_at_ms: ago(1) })], light: 'green' },
];
const DOCKETS = [{ case_no: caseNo(2), number: number(2), title: TITLES[2], docket_no: '督〔2026〕7号', step: 2, node: HOUSING, node_name: nameOf(HOUSING), opener: OFFICE, opener_name: nameOf(OFFICE), opened_at_ms: ago(4), stepped_at_ms: ago(4), due_ms: ahead(6), light: 'yellow' }];
const PROPOSALS = [
  { case_no: caseNo(2), number: number(2), title: TITLES[2], node: HOUSING, node_name: nameOf(HOUSING), step: 3, reason: 'missed', key: 'handle', since_ms: ago(3), docket_no: '督〔2026〕7号', article: '39' },
  { case_no: caseNo(7), number: number(7), title: TITLES[7], node: HOUSING, node_name: nameOf(HOUSING), step: 1, reason: 'silent', since_ms: ago(2), article: '39' },
];
const ALARMS = [
  { at_ms: ago(0.1), case_no: caseNo(1), number: number(1), kind: 'summons', text: 'summon', directive_no: '1', due_ms: String(now + HOUR) },
  { at_ms: ago(0.5), case_no: caseNo(3), number: number(3), kind: 'undelivered', text: 'deliver', due_ms: ahead(2) },
  { at_ms: ago(3), case_no: caseNo(2), number: number(2), kind: 'missed', text: 'handle', deadline_id: 3, due_ms: ago(3) },
];
const STATE = {
  node: OFFICE, code: 'xfj', name: nameOf(OFFICE), line: 'in_sync', broker: 'tcp://10.0.0.1:7700', down_number: '4711', up_made: '120', up_settled: '119', last_in_sync_ms: String(now), skew_ms: '3', cases: '24', open_cases: '18', red: '6', yellow: '6',
  software: 'jiaoban-agent 0.1.0', now_ms: String(now), objections: '3', refused_recently: '0', started_at_ms: ago(12), policy_version: '2022-05-01.2', calendar_version: 'cn-2026', calendar_until: '2026-12-31', accepting: true,
};

const item = (seq, days, node, user, kind, act, more = {}) => ({ seq: String(seq), at_ms: ago(days), made_at_ms: ago(days), node, node_name: nameOf(node), user, kind, act: { kind, ...act }, effects: [], stored_by: [], ...more });
function timeline(i, row) {
  const list = [item(11, 10, OFFICE, 'li', 'register', { matter: 'appeal', title: row.title }, { stored_by: [nameOf(OFFICE)], stored_by_all: true })];
  if (row.stage === 1) return list;
  list.push(
    item(12, 9.95, OFFICE, 'li', 'assign', { node: row.host, authority: 'first_assignment', due_ms: ahead(20), text: '请依法办理,并于期限前报送办结报告。', basis: '县委县政府信访工作专题会议' }, { stored_by: [nameOf(OFFICE), row.host_name], stored_by_all: true }),
    item(13, 9.9, 1, '', 'stored', { node: row.host, items: [{ case_no: row.case_no, log_seq: '12' }] }),
    item(14, 9.5, row.host, 'zhao', 'sign_for', {}), item(15, 9, row.host, 'zhao', 'accept', { exit: 'residue', notice_no: '住建受〔2026〕12号', told_at_ms: ago(9), how: '当面送达' }),
    item(16, 2, row.host, NASTY, 'answer', { opinion: 'supported', text: `已组织维修。\n${NASTY}`, opinion_no: '住建复〔2026〕3号' }),
  );
  if (i === 2) list.push(item(17, 0, row.host, 'zhao', 'note', { text: '待发' }, { seq: undefined, pending: true, up_number: '120' }));
  return list;
}

/* Some that a restored record lacks, and what became of others. */
const former = (number, kind, state, more = {}) => ({ number, case_no: caseNo(2), kind, made_at_ms: ago(30), user: 'jiaoban-gateway/zhao', state, accepted_at_ms: ago(30), ...more });
const formers = () => [former('1', 'register', 'lacking'), former('2', 'note', 'held'), former('3', 'answer', 'refused', { again: '118', by: 'jiaoban-gateway/li', ended_at_ms: ago(1) }), former('4', 'note', 'dismissed', { by: 'jiaoban-gateway/li', reason: NASTY, ended_at_ms: ago(1) })];

/* Of the host: verified; not so of case 7, where it does not hold; of case 1 none has come. */
function receipts(i) {
  const row = caseRow(i);
  const state = i === 7 ? 'broken' : i === 1 ? 'waiting' : 'proven';
  const own = { node: OFFICE, node_name: nameOf(OFFICE), state: 'proven', own: true };
  return timeline(i, row).filter((e) => e.pending !== true).map((e, n) => ({
    seq: e.seq, number: String(40 + n), at_ms: e.at_ms, node: e.node, node_name: e.node_name, user: e.user, kind: e.kind, put_at_ms: e.at_ms,
    sent: { node: 1, node_name: '中心', state: e.seq === '16' ? 'unproven' : 'proven', at_ms: e.at_ms },
    receipts: [{ ...own, at_ms: e.at_ms }, ...(e.kind !== 'assign' || row.host === OFFICE ? [] : [{ node: row.host, node_name: row.host_name, state, ...(state === 'waiting' ? {} : { at_ms: String(Number(e.at_ms) + 41_000) }) }]), ...(e.kind === 'accept' ? [{ node: TOWN, node_name: nameOf(TOWN), state: 'untold' }] : [])],
  }));
}

function caseFile(i, query) {
  const row = caseRow(i);
  const persons = query.get('persons') === 'true';
  return {
    ...row, exit: row.stage > 1 ? 6 : undefined, content: `来信反映：${TITLES[i % 8]}。\n\n${NASTY}\n\n长期得不到解决,请求处理。`,
    links: i === 2 ? [{ case_no: caseNo(3), number: number(3), kind: 2 }] : [], ratings: row.stage === 6 ? [{ party: 1, state: 1 }, { party: 2, state: 3, satisfaction: 1, at_ms: ago(1) }] : [],
    directives: DIRECTIVES.filter((d) => d.number === row.number), dockets: DOCKETS.filter((d) => d.number === row.number), accused: i === 4 ? [TOWN] : [], recused: [],
    participants: [{ node: OFFICE, node_name: nameOf(OFFICE), role: 1 }, { node: row.host, node_name: row.host_name, role: 2, signed_at_ms: ago(9.5) }].slice(0, row.stage === 1 ? 1 : 2),
    deadlines: DEADLINES.filter((d) => d.case_no === row.case_no), sealed: true, petitioners: persons ? [{ name: '张某', phone: '139****0000', address: '过风楼镇', main_visitor: true }] : [],
    timeline: query.get('timeline') === 'true' ? timeline(i, row) : [],
    attachments: i === 2 ? [{ number: 1, name: persons ? '现场照片.jpg' : undefined, media_type: 'image/jpeg', size_bytes: '204800', at_ms: ago(8), node: OFFICE, node_name: nameOf(OFFICE), user: 'li', chunks_here: 4, chunks_total: 4 }] : [],
  };
}

const KINDS = { assign: 'send', forward: 'send', refer: 'send', sign_for: 'handle', accept: 'handle', answer: 'handle', extend: 'handle', note: 'handle', close: 'handle', object: 'object', rule_on_objection: 'rule', urge: 'direct', open_docket: 'direct', issue_directive: 'direct', erase_key: 'erase' };
function actions(i, me) {
  const row = caseRow(i);
  return Object.entries(KINDS).map(([kind, right]) => {
    if (!me.rights.includes(right)) return { kind, allowed: false, right, code: 16, name: 'DENIED' };
    if (kind === 'assign' && row.stage !== 1) return { kind, allowed: false, right, code: 112, name: 'OUTRANKED', article: 'P4.1', detail: 'first_assignment' };
    if (kind === 'close') return { kind, allowed: false, right, code: 126, name: 'EXECUTION_OUTSTANDING', article: '32' };
    if (['accept', 'answer', 'sign_for', 'extend'].includes(kind) && row.host !== me.agency.node) return { kind, allowed: false, right, code: 105, name: 'WRONG_PARTY', article: '' };
    return { kind, allowed: true, right };
  });
}

function figures(query) {
  const counts = query.get('counts');
  if (counts !== null) {
    const values = { class: ['城乡建设', '劳动和社会保障', '交通运输', ''], place: ['611023', '611023105001'], channel: ['letter', 'visit', 'online', 'phone'], matter: ['appeal', 'suggestion'] }[counts];
    return values.map((key, i) => ({ indicator: 'count', key, numerator: String(40 - 9 * i), denominator: '100', people: String(60 - 9 * i), numbers: [], case_nos: [], counted: [] }));
  }
  const list = [];
  for (const node of [0, HOUSING, LABOUR, TOWN]) {
    for (const indicator of ['office-accept', 'handler-accept', 'on-time-answer', 'participation', 'satisfaction', 'repeat']) {
      const none = indicator === 'satisfaction' && node === TOWN;
      const behind = query.get('cases') === 'true' ? { numbers: [number(1), number(2)], case_nos: [caseNo(1), caseNo(2)], counted: [true, false] } : { numbers: [], case_nos: [], counted: [] };
      list.push({ indicator, node, node_name: nameOf(node), numerator: none ? '0' : '9', denominator: none ? '0' : '12', no_data: none, article: indicator === 'on-time-answer' ? '34' : '22', ...behind });
    }
  }
  return list.filter((f) => (query.get('indicator') ?? f.indicator) === f.indicator && Number(query.get('node') ?? f.node) === f.node);
}

function explain(query) {
  const d = DEADLINES[0];
  const kinds = ['start', 'counted', 'counted', 'weekend', 'off', 'work', 'paused'];
  return [{
    deadline: { ...d, deadline_id: Number(query.get('deadline') ?? d.deadline_id) }, agrees: true, policy_name: '办理期限', calendar_until: '2026-12-31', moves: [{ at_ms: ago(20), kind: 'set', due_ms: d.due_ms, node: HOUSING, node_name: nameOf(HOUSING) }],
    days: kinds.map((kind, i) => ({ day_ms: ago(20 - i), count: i, kind, name: kind === 'off' ? '国庆节' : undefined, known: true })),
  }];
}

const RIGHTS = { user: 'clerk', given: true, roles: [{ role: 'clerk', people: 'li, zhao', mine: true }, { role: 'leader', people: 'wang', mine: false }], rights: [{ right: 'look', roles: ['clerk', 'supervisor', 'leader'], mine: true, what: ['cases'] }, { right: 'send', roles: ['clerk', 'supervisor'], mine: true, what: ['assign', 'forward'] }] };
const RULES = [
  { section: 'deadline', key: 'handle', name: '办理期限', value: '60', unit: 'calendar', extension_days: 30, warn_days: [15, 5, 1], article: '《信访工作条例》第三十四条' },
  { section: 'deadline', key: 'rule', name: '异议裁定期限', value: '3', unit: 'working', warn_days: [1], article: '23(3)', proposal: true },
  { section: 'switch', key: 'hops_max', name: '移交次数上限', value: '5', warn_days: [], article: 'P4.5', proposal: true },
];
const ACCOUNTS = [{ name: 'li', display_name: '李经办', disabled: false, has_password: true, must_change_password: false, created_at_ms: ago(100), changed_at_ms: ago(50), last_login_at_ms: ago(0.2) }, { name: 'old', display_name: '已离职', disabled: true, has_password: true, must_change_password: false, created_at_ms: ago(300), changed_at_ms: ago(60) }];

const BACKUP = { present: true, overdue: false, within_ms: '93600000', written_at_ms: ago(0.05), bytes: 4096 };
const BROKER = { software: 'jiaoband 0.1.0', backup_at_ms: ago(0.05) };
const TODAY = { red: 3, yellow: 5, due_today: 1, overdue_mine: 1, unsigned: 2, undelivered: 1, objections: 1000, summons: 1, pending: 1, refused: 0 };

function pageOf(all, query, most) {
  const limit = Number(query.get('limit') ?? most);
  const start = Number(query.get('cursor') ?? 0);
  const next = start + limit < all.length ? { next: String(start + limit) } : {};
  return { rows: all.slice(start, start + limit), next };
}

export function county() {
  const total = 120;
  const all = Array.from({ length: total }, (_v, i) => caseRow(i));
  const templates = new Map();
  let made = 0;
  const lacking = formers();

  function cases(query, me) {
    const stages = ['registered', 'sent', 'signed', 'accepted', 'declined', 'answered', 'referred', 'closed'];
    const found = all.filter((c) => (query.get('stage') === null || stages[c.stage - 1] === query.get('stage')) && (query.get('light') === null || c.light === query.get('light'))
      && (query.get('mine') === null || c.host === me.agency.node) && (query.get('objections') === null || c.objection_open) && (query.get('open') === null || c.stage !== 8)
      && (query.get('text') === null || c.title.includes(query.get('text')) || c.number.includes(query.get('text'))) && (query.get('host') === null || c.host === Number(query.get('host'))));
    const { rows, next } = pageOf(found, query, 50);
    const none = { links: [], ratings: [], directives: [], dockets: [], accused: [], recused: [], participants: [], deadlines: [], petitioners: [], timeline: [], attachments: [] };
    return { cases: rows.map((row) => ({ ...row, ...none })), total: String(found.length), ...next };
  }

  const GET = {
    '/v1/state': () => STATE, '/v1/today': () => TODAY, '/v1/admin/nodes': () => ({ nodes: LINES }), '/v1/admin/backup': () => BACKUP, '/v1/admin/state': () => BROKER, '/v1/nodes': () => ({ nodes: NODES }), '/v1/cases': cases,
    '/v1/deadlines': (q, me) => ({ deadlines: DEADLINES.filter((d) => (q.get('mine') === null || d.node === me.agency.node) && (q.get('missed') === null || d.light === 'red')) }),
    '/v1/directives': (q) => ({ directives: DIRECTIVES.filter((d) => q.get('power') === null || ['', 'assign', 'investigate', 'coordinate', 'supervise', 'circulate', 'recommend'][d.power] === q.get('power')) }),
    '/v1/dockets': () => ({ dockets: DOCKETS }), '/v1/proposals': () => ({ proposals: PROPOSALS }), '/v1/delegations': () => ({ delegations: [{ node: OFFICE, node_name: nameOf(OFFICE), official: '王局长', power: 4, valid_from_ms: ago(30), valid_to_ms: ahead(300), in_force: true }] }),
    '/v1/alarms': () => ({ alarms: ALARMS }), '/v1/pending': () => ({ items: [{ number: '120', case_no: caseNo(2), kind: 'note', made_at_ms: ago(0), user: 'zhao' }] }),
    '/v1/former': (q) => ({ items: lacking.filter((f) => q.get('all') === 'true' || ['lacking', 'refused'].includes(f.state)) }),
    '/v1/rulebook': () => ({ rules: RULES, version: '2022-05-01.2', source: '《信访工作条例》', calendar_version: 'cn-2026', effective_from_ms: ago(1600) }), '/v1/rights': () => RIGHTS,
    '/v1/report': (q) => ({ figures: figures(q), from_ms: q.get('from_ms'), to_ms: q.get('to_ms'), log_seq: '4711' }),
    '/v1/audit': () => ({ rows: [{ number: '1', at_ms: ago(1), user: 'li', request: 'case_file', case_no: caseNo(2), case_number: number(2), field: 'persons', outcome: 0 }] }),
    '/v1/logins': () => ({ logins: [{ number: '2', at_ms: ago(0.1), user: 'li', address: '10.1.2.3', method: 'password', outcome: 'signed_in' }, { number: '1', at_ms: ago(0.2), user: 'nobody', method: 'password', outcome: 'unknown' }] }),
    '/v1/tokens': () => ({ tokens: [{ name: '12345', account: 'li', scopes: ['look', 'register'], created_at_ms: ago(20), last_used_at_ms: ago(1) }] }), '/v1/accounts': () => ({ accounts: ACCOUNTS }), '/v1/templates': () => ({ templates: [...templates.values()] }),
  };

  function answer(url, me) {
    const query = url.searchParams;
    const list = GET[url.pathname];
    if (list !== undefined) return { status: 200, body: list(query, me) };
    const account = /^\/v1\/accounts\/(.+)$/.exec(url.pathname);
    if (account !== null) return { status: 200, body: ACCOUNTS.find((a) => a.name === account[1]), headers: { ETag: '"a1"' } };
    const template = /^\/v1\/templates\/(.+)$/.exec(url.pathname);
    if (template !== null && templates.has(template[1])) return { status: 200, body: templates.get(template[1]), headers: { ETag: '"t1"' } };
    const found = /^\/v1\/cases\/([^/]+)(?:\/(\w+))?$/.exec(url.pathname);
    const i = found === null ? -1 : all.findIndex((c) => c.number === decodeURIComponent(found[1]) || c.case_no === found[1]);
    if (i < 0) return { status: 404, body: { type: 'about:blank', title: 'NOT_FOUND', status: 404, code: 'NOT_FOUND' } };
    if (found[2] === 'actions') return { status: 200, body: { actions: actions(i, me) } };
    if (found[2] === 'receipts') {
      const { rows, next } = pageOf(receipts(i), new URLSearchParams({ limit: '3', cursor: query.get('cursor') ?? '0' }), 3);
      return { status: 200, body: { entries: rows, ...next } };
    }
    if (found[2] === 'explain') return { status: 200, body: { deadlines: explain(query) } };
    return { status: 200, body: caseFile(i, query), headers: { ETag: `"c${i}-${made}"` } };
  }

  const uploads = new Map();
  function upload(method, path, range) {
    const [, begin, end, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range ?? '') ?? [];
    if (method === 'DELETE') uploads.delete(path);
    else if ((uploads.get(path) ?? 0) !== Number(begin) && Number(begin) !== 0) return { received_bytes: -1 };
    else uploads.set(path, Number(end) + 1);
    const received = uploads.get(path) ?? 0;
    return { upload: path.split('/').at(-1), received_bytes: received, total_bytes: Number(total), complete: received === Number(total), ...(received === Number(total) ? { content_hash: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' } : {}) };
  }
  function settleFormer(what, row, body) {
    if (row.kind === 'answer' && what === 'resubmissions') return { status: 422, body: { type: 'urn:jiaoban:problem:refused', title: 'refused', status: 422, code: 'STALE_CUSTODY', refusal: { accepted: false, code: 106, name: 'STALE_CUSTODY', holder: HOUSING, holder_name: nameOf(HOUSING) } } };
    Object.assign(row, { by: 'jiaoban-gateway/li', ended_at_ms: ago(0) }, what === 'dismissals' ? { state: 'dismissed', reason: body.reason } : { state: 'held', again: '121' });
    return { status: 200, body: what === 'dismissals' ? { text: 'struck off' } : { number: '121', case_no: row.case_no, accepted: true, seq: '700', kind: row.kind } };
  }
  function change(method, url, body, range) {
    const template = /^\/v1\/templates\/(.+)$/.exec(url.pathname);
    if (template !== null && method === 'DELETE') { templates.delete(template[1]); return { status: 204 }; }
    if (template !== null) { templates.set(template[1], { kind: template[1], ...body, changed_at_ms: ago(0), changed_by: 'li' }); return { status: 200, body: templates.get(template[1]), headers: { ETag: '"t1"' } }; }
    if (url.pathname.startsWith('/v1/tokens/')) return method === 'DELETE' ? { status: 204 } : { status: 201, body: { name: 'new', account: 'li', scopes: ['look'], created_at_ms: ago(0), token: 'jbt_secret' } };
    if (url.pathname.startsWith('/v1/accounts/')) return { status: 201, body: ACCOUNTS[0], headers: { ETag: '"a2"' } };
    const row = /^\/v1\/former\/(\d+)\/(\w+)$/.exec(url.pathname);
    if (row !== null) return settleFormer(row[2], lacking.find((f) => f.number === row[1]), body);
    if (url.pathname === '/v1/public-queries') return publicWindow('/v1/public/query', body);
    if (url.pathname.includes('/uploads/')) return { status: 200, body: upload(method, url.pathname, range) };
    if (url.pathname === '/v1/admin/installs' && body.kind === 'calendar' && !body.dry_run) return { status: 403, body: { type: 'about:blank', title: 'Not permitted', status: 403, code: 'DENIED' } };
    if (url.pathname === '/v1/admin/installs') return { status: 200, body: { text: 'deadline handle: 60 -> 45\nin force from 2027-01-01' } };
    if (url.pathname === '/v1/verifications') return { status: 200, body: { ok: true, items: '4711', receipts: '230', chain_intact: true, signatures_good: true, tables_equal: true, broker_asked: true, equals_broker: true } };
    if (url.searchParams.get('dry_run') === 'true') {
      if (body.node === TOWN) return { status: 200, body: { dry_run: true, accepted: false, code: 109, name: 'NO_AUTHORITY', article: 'SPEECH', effects: [] } };
      return { status: 200, body: { dry_run: true, accepted: true, effects: ['stage sent', 'custody_moved 2 zjj'] } };
    }
    made++;
    if (body.kind === 'forward' && body.text === 'refuse') return { status: 422, body: { type: 'urn:jiaoban:problem:refused', title: 'refused', status: 422, code: 'STALE_CUSTODY', refusal: { accepted: false, code: 106, name: 'STALE_CUSTODY', holder: HOUSING, holder_name: nameOf(HOUSING) } } };
    const at = url.pathname.split('/')[3];
    const i = at === undefined ? 0 : Math.max(0, all.findIndex((c) => c.number === decodeURIComponent(at)));
    const settled = { number: String(200 + made), case_no: caseNo(i), case_number: number(i), accepted: true, seq: String(500 + made), kind: body.kind ?? 'register', at_ms: ago(0) };
    if (url.pathname === '/v1/cases') settled.query_code = 'K7P2-9QXM';
    return { status: url.pathname === '/v1/cases' ? 201 : 200, body: settled, event: { item: item(500 + made, 0, OFFICE, 'li', settled.kind, {}), case_no: caseNo(i), number: number(i), title: all[i].title } };
  }

  function publicWindow(path, body) {
    if (body.name !== '张某' || body.query_code !== 'K7P2-9QXM') return { status: 404, body: { type: 'about:blank', title: 'NOT_FOUND', status: 404 } };
    if (path === '/v1/public/ratings') return { status: 200, body: {} };
    return { status: 200, body: { number: number(3), rows: [{ day_ms: ago(10), what: 'registered' }, { day_ms: ago(9), what: 'sent' }, { day_ms: ago(8), what: 'accepted', document: '受〔2026〕12号' }, { day_ms: ago(2), what: 'answered', document: '复〔2026〕3号' }] } };
  }

  return { sessions: SESSIONS, state: STATE, nodes: NODES, backup: BACKUP, broker: BROKER, answer, change, publicWindow, number, paths: Object.keys(GET) };
}

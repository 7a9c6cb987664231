/* The console asks only what the gateway's contract offers, and reads only what it answers. */

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { source } from './repository';
import { actForms, protocolCode } from '@/model/acts';
import { powerForms } from '@/model/powers';

interface Schema { properties?: Record<string, Schema>; enum?: string[]; const?: string; items?: Schema; type?: unknown; required?: string[] }
interface Contract {
  paths: Record<string, Record<string, { parameters?: { name?: string; $ref?: string }[] }>>;
  components: { schemas: Record<string, Schema> };
}
const contract = parse(source('clients/gateway/openapi.yaml')) as Contract;
const schemas = contract.components.schemas;

const SOURCES = ['src/api/client.ts', 'src/api/events.ts', 'src/documents/templates.ts', 'src/window/WindowApp.vue'];

describe('paths', () => {
  const offered = Object.keys(contract.paths).map((path) => path.replace(/\{\w+\}/g, '{}'));
  it.each(SOURCES)('of %s', (file) => {
    const text = source(`clients/console/${file}`).replaceAll('${caseUrl(number)}', '/v1/cases/{}');
    const used = [...text.matchAll(/['`](\/v1\/[^'`?]*)/g)].map((m) => (m[1] ?? '').replace(/\$\{[^}]*\}(\))?/g, '{}'));
    expect(used.length).toBeGreaterThan(0);
    for (const path of used) expect(offered).toContain(path);
  });
});

describe('what is read', () => {
  const TYPES: Readonly<Record<string, string>> = {
    Problem: 'Problem', Session: 'Session', State: 'StatusView', AgencyNode: 'NodeView', Deadline: 'DeadlineView', Participant: 'ParticipantView',
    CaseLink: 'LinkView', Rating: 'RatingView', Target: 'TargetView', Directive: 'DirectiveView', Docket: 'DocketView', Proposal: 'ProposalView',
    Delegation: 'DelegationView', Person: 'PersonView', TimelineItem: 'TimelineItem', Attachment: 'AttachmentView', Upload: 'Upload', CaseRow: 'CaseView', Case: 'CaseView',
    Settled: 'SettledView', Trial: 'TrialView', Action: 'ActionView', TodayCounts: 'TodayView', Alarm: 'AlarmView', Pending: 'PendingView', Former: 'PendingView', WatchEvent: 'WatchEvent', Explain: 'ExplainView',
    Receipt: 'ReceiptView', EntryReceipts: 'EntryReceiptsView', ReceiptList: 'ReceiptList', ExplainDay: 'ExplainDayView', ExplainMove: 'ExplainMoveView', Rule: 'RuleView', Rulebook: 'RuleList', Figure: 'FigureView', Report: 'ReportView',
    RightRow: 'RightView', AuditRow: 'AuditRow', Account: 'Account', Login: 'Login', Token: 'Token', Verification: 'VerifyView', PublicRow: 'PublicRowView', PublicView: 'PublicView',
    CaseList: 'CaseList', DeadlineList: 'DeadlineList', DirectiveList: 'DirectiveList', DocketList: 'DocketList', ProposalList: 'ProposalList', AuditList: 'AuditList', LoginList: 'LoginList',
  };
  const text = source('clients/console/src/api/types.ts');
  /* Deadlines and alarms are shown with the number of their case, where they have it. */
  const EXTRA = new Set(['Deadline.number']);
  it.each(Object.entries(TYPES))('%s is part of %s', (name, schema) => {
    const body = new RegExp(`interface ${name}\\b[^{]*\\{([^]*?)\\n?\\}`).exec(text)?.[1] ?? '';
    const members = [...body.matchAll(/(?:^|[\n;{])\s*(\w+)\??:/g)].map((m) => m[1] ?? '');
    expect(members.length).toBeGreaterThan(0);
    const known = Object.keys(schemas[schema]?.properties ?? {});
    for (const member of members) if (!EXTRA.has(`${name}.${member}`)) expect(known, `${name}.${member}`).toContain(member);
  });
});

describe('acts', () => {
  const camel = (kind: string): string => `${kind.split('_').map((w) => w[0]?.toUpperCase() + w.slice(1)).join('')}Act`;
  it.each(Object.entries(actForms))('%s asks for members that it has, in its words', (kind, form) => {
    const properties = schemas[camel(kind)]?.properties ?? {};
    for (const field of form.fields) {
      expect(Object.keys(properties), field.name).toContain(field.name);
      const allowed = properties[field.name]?.enum;
      for (const [, code] of field.words ?? []) expect(allowed, `${field.name}: ${code}`).toContain(protocolCode(code));
    }
  });
  it.each(powerForms.map((p) => [p.code, p] as const))('directive: %s', (code, form) => {
    const properties = schemas['IssueDirectiveAct']?.properties ?? {};
    expect(properties['power']?.enum).toContain(code);
    for (const field of form.fields) {
      expect(Object.keys(properties), field.name).toContain(field.name);
      for (const [, word] of field.words ?? []) expect(properties[field.name]?.enum).toContain(protocolCode(word));
    }
  });
  it('there is a form for every act that people make', () => {
    const kinds = schemas['ActKind']?.enum ?? [];
    const elsewhere = ['register', 'attach', 'issue_directive', 'opened'];
    expect(kinds.filter((kind) => !(kind in actForms) && !elsewhere.includes(kind))).toEqual([]);
  });
});

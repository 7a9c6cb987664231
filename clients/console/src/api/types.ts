/* What the gateway answers, as clients/gateway/openapi.yaml says it. Absent members are left out, so
 * most are optional; 64-bit integers and instants are strings of digits. */

export type I64 = string;
export type Light = 'green' | 'yellow' | 'red' | 'done';
export type LineState = 'offline' | 'greeting' | 'catching_up' | 'in_sync' | 'resync' | 'rejected';
export type Role = 'clerk' | 'supervisor' | 'leader' | 'auditor' | 'administrator' | 'gateway';

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  code?: string;
  field?: string;
  refusal?: Settled;
  retry_after_s?: number;
}

export interface Agency { node: number; code: string; name: string; level?: number; node_kind?: number }

export interface Session {
  user: string;
  display_name?: string;
  method: 'password' | 'token' | 'proxy';
  csrf_token?: string;
  expires_at_ms?: I64;
  must_change_password?: boolean;
  agency: Agency;
  roles: Role[];
  rights: string[];
}

export interface State {
  node?: number;
  code?: string;
  name?: string;
  line?: LineState;
  line_text?: string;
  broker?: string;
  down_number?: I64;
  up_made?: I64;
  up_settled?: I64;
  last_in_sync_ms?: I64;
  skew_ms?: I64;
  cases?: I64;
  open_cases?: I64;
  red?: I64;
  yellow?: I64;
  software?: string;
  now_ms?: I64;
  objections?: I64;
  refused_recently?: I64;
  started_at_ms?: I64;
  policy_version?: string;
  calendar_version?: string;
  calendar_until?: string;
  trouble?: string;
  accepting?: boolean;
  degraded?: string;
  degraded_since_ms?: I64;
  held?: string;
  backup_at_ms?: I64; /* of the broker: its last run, and why that failed */
  backup_failed?: string;
}

export interface AgencyNode {
  node: number;
  code?: string;
  name?: string;
  level?: number;
  parent?: number;
  node_kind?: number;
  region?: string;
  has_agent?: boolean;
  valid_from_ms?: I64;
  valid_to_ms?: I64;
  successor?: number;
  connected?: boolean;
  last_seen_ms?: I64;
  stream_number?: I64;
  acked_number?: I64;
  acked_at_ms?: I64;
  up_number?: I64;
  skew_ms?: I64;
  software?: string;
}

export interface Deadline {
  case_no?: I64;
  deadline_id?: number;
  key?: string;
  node?: number;
  node_name?: string;
  trigger_ms?: I64;
  limit?: number;
  unit?: number;
  due_ms?: I64;
  article?: string;
  end?: number;
  ended_at_ms?: I64;
  missed_at_ms?: I64;
  light?: Light;
  provisional?: boolean;
  policy_version?: string;
  calendar_version?: string;
  stored_at_ms?: I64;
  acknowledged_at_ms?: I64;
  acknowledged_by?: string;
  title?: string;
  number?: string;
  key_text?: string;
  extensions?: number;
  original_due_ms?: I64;
  paused_from_ms?: I64;
}

export interface Participant {
  node?: number;
  node_name?: string;
  role?: number;
  signed_at_ms?: I64;
  answered_at_ms?: I64;
}

export interface CaseLink { case_no?: I64; number?: string; kind?: number }
export interface Rating { party?: number; state?: number; satisfaction?: number; at_ms?: I64 }

export interface Target {
  node?: number;
  node_name?: string;
  state?: number;
  stored_at_ms?: I64;
  signed_at_ms?: I64;
  answered_at_ms?: I64;
  ended_at_ms?: I64;
  adopted?: number;
  due_ms?: I64;
  missed_at_ms?: I64;
  light?: Light;
}

export interface Directive {
  case_no?: I64;
  number?: string;
  title?: string;
  directive_no?: I64;
  power?: number;
  demand?: number;
  recommendation?: number;
  issuer?: number;
  issuer_name?: string;
  authority?: number;
  level?: number;
  flags?: number;
  people?: number;
  status?: number;
  issued_at_ms?: I64;
  due_ms?: I64;
  official?: string;
  countersigned_by?: string;
  targets: Target[];
  light?: Light;
}

export interface Docket {
  case_no?: I64;
  number?: string;
  title?: string;
  docket_no?: string;
  step?: number;
  node?: number;
  node_name?: string;
  opener?: number;
  opener_name?: string;
  opened_at_ms?: I64;
  stepped_at_ms?: I64;
  closed_at_ms?: I64;
  due_ms?: I64;
  light?: Light;
}

export interface Proposal {
  case_no?: I64;
  number?: string;
  title?: string;
  node?: number;
  node_name?: string;
  step?: number;
  reason?: string;
  key?: string;
  since_ms?: I64;
  docket_no?: string;
  article?: string;
}

export interface Delegation {
  node?: number;
  node_name?: string;
  official?: string;
  power?: number;
  valid_from_ms?: I64;
  valid_to_ms?: I64;
  in_force?: boolean;
}

export interface Person {
  name?: string;
  id_number?: string;
  phone?: string;
  address?: string;
  main_visitor?: boolean;
}

export interface RecordedAct { kind: string; [field: string]: unknown }

/* The broker's backup, where this gateway can see it. */
export interface BackupState {
  present: boolean;
  overdue: boolean;
  within_ms: I64;
  written_at_ms?: I64;
  bytes?: number;
}

export interface TodayCounts {
  red?: number;
  yellow?: number;
  due_today?: number;
  overdue_mine?: number;
  unsigned?: number;
  undelivered?: number;
  objections?: number;
  summons?: number;
  pending?: number;
  refused?: number;
}

export interface TimelineItem {
  seq?: I64;
  at_ms?: I64;
  made_at_ms?: I64;
  node?: number;
  node_name?: string;
  user?: string;
  kind?: string;
  act?: RecordedAct;
  effects: string[];
  pending?: boolean;
  up_number?: I64;
  number?: I64;
  stored_by_all?: boolean;
  stored_by: string[];
}

export interface Upload {
  upload: string;
  received_bytes: number;
  total_bytes: number;
  complete: boolean;
  content_hash?: string;
}

export interface Attachment {
  number?: number;
  name?: string;
  note?: string;
  media_type?: string;
  size_bytes?: I64;
  at_ms?: I64;
  node_name?: string;
  user?: string;
  chunks_here?: number;
  chunks_total?: number;
  sealed_unreadable?: boolean;
}

export interface CaseRow {
  case_no?: I64;
  number?: string;
  title?: string;
  stage?: number;
  matter?: number;
  channel?: number;
  flags?: number;
  people?: number;
  class_code?: string;
  place_code?: string;
  registrar?: number;
  registrar_name?: string;
  host?: number;
  host_name?: string;
  custody?: number;
  authority?: number;
  hops?: number;
  objection_open?: boolean;
  opinion?: number;
  light?: Light;
  next_due_ms?: I64;
  next_key?: string;
  registered_at_ms?: I64;
  updated_at_ms?: I64;
  pending?: number;
  dispute_level?: number;
  simple?: boolean;
}

export interface Case extends CaseRow {
  left?: boolean;
  lead_official?: string;
  arbiter_name?: string;
  reviewer?: number;
  reviewer_name?: string;
  rechecker?: number;
  rechecker_name?: string;
  review_opinion?: number;
  recheck_opinion?: number;
  exit?: number;
  content?: string;
  links: CaseLink[];
  ratings: Rating[];
  directives: Directive[];
  dockets: Docket[];
  accused: number[];
  recused: string[];
  participants: Participant[];
  deadlines: Deadline[];
  petitioners: Person[];
  timeline: TimelineItem[];
  attachments: Attachment[];
  sealed?: boolean;
  sealed_unreadable?: boolean;
  erased_at_ms?: I64;
  erased_by?: string;
  erased_reason?: string;
}

export interface Settled {
  number?: I64;
  case_no?: I64;
  case_number?: string;
  accepted?: boolean;
  seq?: I64;
  code?: number;
  name?: string;
  article?: string;
  detail?: string;
  holder?: number;
  holder_name?: string;
  pending?: boolean;
  at_ms?: I64;
  kind?: string;
  query_code?: string;
}

export interface Trial {
  dry_run: true;
  accepted: boolean;
  name?: string;
  article?: string;
  detail?: string;
  effects: string[];
}

export interface Action {
  kind: string;
  allowed: boolean;
  right?: string;
  name?: string;
  article?: string;
  detail?: string;
}

export interface Alarm {
  at_ms?: I64;
  case_no?: I64;
  number?: string;
  kind?: string;
  text?: string;
  deadline_id?: number;
  due_ms?: I64;
  directive_no?: I64;
  submission?: I64;
  node?: number;
  node_name?: string;
}

export interface Pending { number?: I64; case_no?: I64; kind?: string; made_at_ms?: I64; user?: string }
/* What was accepted before the record was restored without this agency. */
export interface Former extends Pending {
  state?: string;
  accepted_at_ms?: I64;
  by?: string;
  reason?: string;
  ended_at_ms?: I64;
}

/* proven: the signature and the way from the entry to it were checked again; broken: they do not hold;
 * unproven: nothing here to check it with; waiting: none has come; untold: not for this agency. */
export type ReceiptState = 'proven' | 'broken' | 'unproven' | 'waiting' | 'untold';
export interface Receipt { node?: number; node_name?: string; state?: ReceiptState; at_ms?: I64; own?: boolean }
export interface EntryReceipts {
  seq?: I64;
  at_ms?: I64;
  node_name?: string;
  kind?: string;
  directive_no?: I64;
  put_at_ms?: I64;
  sent?: Receipt; // by the broker, into this agency's stream
  receipts: Receipt[];
}

export interface WatchEvent {
  item?: TimelineItem;
  case_no?: I64;
  number?: string;
  title?: string;
  settled?: Settled;
  alarm?: Alarm;
  status?: State;
}

export interface ExplainDay { day_ms?: I64; count?: number; kind?: string; name?: string; known?: boolean }
export interface ExplainMove { at_ms?: I64; kind?: string; old_due_ms?: I64; due_ms?: I64; text?: string; node_name?: string }
export interface Explain {
  deadline?: Deadline;
  agrees?: boolean;
  days: ExplainDay[];
  moves: ExplainMove[];
  policy_name?: string;
  calendar_until?: string;
  text?: string;
}

export interface Rule {
  section?: string;
  key?: string;
  name?: string;
  value?: string;
  unit?: string;
  extension_days?: number;
  warn_days: number[];
  article?: string;
  proposal?: boolean;
  right?: boolean;
}
export interface Rulebook {
  rules: Rule[];
  version?: string;
  source?: string;
  calendar_version?: string;
  effective_from_ms?: I64;
}

export interface Figure {
  indicator?: string;
  node?: number;
  node_name?: string;
  numerator?: I64;
  denominator?: I64;
  no_data?: boolean;
  people?: I64;
  key?: string;
  numbers: string[];
  counted: boolean[];
  article?: string;
  more?: boolean;
}
export interface Report { figures: Figure[]; from_ms?: I64; to_ms?: I64; log_seq?: I64 }

export interface RightRow { right?: string; roles: string[]; mine?: boolean; what: string[] }
export interface RightsView { user?: string; roles: { role?: string; people?: string; mine?: boolean }[]; rights: RightRow[]; given?: boolean }

export interface AuditRow {
  number?: I64;
  at_ms?: I64;
  user?: string;
  request?: string;
  act?: string;
  case_number?: string;
  field?: string;
  outcome?: number;
  outcome_name?: string;
}

export interface Account {
  name: string;
  display_name: string;
  disabled: boolean;
  has_password: boolean;
  must_change_password: boolean;
  locked_until_ms?: I64;
  created_at_ms: I64;
  changed_at_ms: I64;
  last_login_at_ms?: I64;
}
export interface Token {
  name: string;
  account: string;
  scopes: string[];
  created_at_ms: I64;
  expires_at_ms?: I64;
  last_used_at_ms?: I64;
  token?: string;
}
export interface Login { number: I64; at_ms: I64; user: string; address?: string; method: string; outcome: string }

export interface Verification {
  ok?: boolean;
  items?: I64;
  receipts?: I64;
  chain_intact?: boolean;
  signatures_good?: boolean;
  tables_equal?: boolean;
  broker_asked?: boolean;
  equals_broker?: boolean;
  text?: string;
}

export interface PublicRow { day_ms?: I64; what?: string; document?: string }
export interface PublicView { number?: string; rows: PublicRow[] }

export interface Template { kind: string; title: string; body: string; changed_at_ms?: I64; changed_by?: string }

export interface Page { next?: string }
export interface CaseList extends Page { cases: CaseRow[]; total?: I64 }
export interface DeadlineList extends Page { deadlines: Deadline[] }
export interface DirectiveList extends Page { directives: Directive[] }
export interface DocketList extends Page { dockets: Docket[] }
export interface ProposalList extends Page { proposals: Proposal[] }
export interface ReceiptList extends Page { entries: EntryReceipts[] }
export interface AuditList extends Page { rows: AuditRow[] }
export interface LoginList extends Page { logins: Login[] }

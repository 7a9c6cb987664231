/* What may be done to a case, as forms: one row an act, one entry a field. Which acts are allowed now
 * the gateway says (/actions); this says only what each asks for. */

import type { ActBody } from '@/api/client';
import * as words from '@/i18n/words';
import type { Word } from '@/i18n/words';
import { dayStart, DAY, instantOf } from './time';

export type FieldType = 'line' | 'text' | 'node' | 'nodes' | 'day' | 'since' | 'instant' | 'choice' | 'number' | 'yes' | 'case' | 'cases' | 'deadline' | 'directive' | 'docket';

export interface Field {
  name: string;
  type: FieldType;
  required?: boolean;
  words?: readonly Word[];
  choose?: number; // number of the word that is set to begin with
}

const line = (name: string, required = false): Field => ({ name, type: 'line', required });
const text = (name: string, required = false): Field => ({ name, type: 'text', required });
const node = (required = false): Field => ({ name: 'node', type: 'node', required });
const choice = (name: string, list: readonly Word[], required = false, choose?: number): Field => ({
  name, type: 'choice', words: list, required, choose,
});
const dayOf = (name = 'due_ms'): Field => ({ name, type: 'day' });
const at = (name: string, required = false): Field => ({ name, type: 'instant', required });
const coHandlers: Field = { name: 'co_handlers', type: 'nodes' };
const directive: Field = { name: 'directive_no', type: 'directive', required: true };
const docket: Field = { name: 'docket_no', type: 'docket', required: true };
const deadline: Field = { name: 'deadline_id', type: 'deadline', required: true };
const otherCase: Field = { name: 'other_case_no', type: 'case', required: true };
const notice = [line('notice_no'), at('told_at_ms'), line('how')];
const opinionOf = [
  choice('opinion', words.opinions, true), text('text', true), line('opinion_no'), at('told_at_ms'), line('how'),
];
const assignedBy = words.authorities.filter(([value]) => value >= 3);
const linked = words.linkKinds.filter(([value]) => value <= 4);

export type Group = 'handover' | 'handling' | 'review' | 'supervision' | 'record';

export interface ActForm {
  group: Group;
  fields: readonly Field[];
  grave?: boolean; // cannot be taken back: asked for once more
}

export const actForms: Readonly<Record<string, ActForm>> = {
  assign: { group: 'handover', fields: [node(true), coHandlers, choice('authority', assignedBy, true, 3), dayOf(), line('basis'), text('text'), line('report_form'), line('countersigned_by')] },
  forward: { group: 'handover', fields: [node(true), coHandlers, text('text')] },
  handover: { group: 'handover', fields: [node(true), text('reason')] },
  refer: { group: 'handover', grave: true, fields: [line('organ', true), node(), text('reason')] },
  sign_for: { group: 'handling', fields: [text('text')] },
  accept: { group: 'handling', fields: [choice('exit', words.exits), ...notice] },
  decline: { group: 'handling', fields: [text('reason', true), choice('decline_kind', words.declines, true, 1), ...notice] },
  notify: { group: 'handling', fields: [line('notice_no'), at('told_at_ms', true), line('how')] },
  object: { group: 'handover', fields: [text('reason', true)] },
  rule_on_objection: { group: 'handover', fields: [choice('ruling', words.rulings, true), text('reason')] },
  escalate_dispute: { group: 'handover', fields: [node(), text('reason', true)] },
  designate: { group: 'handover', fields: [node(true), coHandlers, dayOf(), line('basis')] },
  extend: { group: 'handling', fields: [{ name: 'days', type: 'number', required: true }, text('reason', true), line('approved_by', true), at('told_at_ms')] },
  note: { group: 'record', fields: [text('text', true)] },
  answer: { group: 'handling', fields: [choice('opinion', words.opinions), text('text', true), line('opinion_no'), text('report'), at('told_at_ms'), line('how')] },
  execute: { group: 'handling', fields: [text('text'), at('done_at_ms')] },
  close: { group: 'handling', grave: true, fields: [line('close_no'), text('text')] },
  classify: { group: 'record', fields: [choice('matter', words.matters), line('class_code'), { name: 'accused', type: 'nodes' }, text('reason'), line('countersigned_by')] },
  start_simple: { group: 'handling', fields: [text('reason')] },
  turn_ordinary: { group: 'handling', fields: [text('reason', true)] },
  link: { group: 'record', fields: [otherCase, choice('link_kind', linked, true), text('reason')] },
  merge: { group: 'record', grave: true, fields: [otherCase, text('reason')] },
  split: { group: 'record', fields: [{ name: 'other_case_nos', type: 'cases', required: true }, text('reason')] },
  reopen: { group: 'handling', fields: [choice('ground', words.grounds, true), text('reason', true)] },
  recuse: { group: 'record', fields: [line('person'), node(), text('reason', true)] },
  erase_key: { group: 'record', grave: true, fields: [text('reason', true), line('countersigned_by', true)] },
  record_delivery: { group: 'handling', fields: [line('notice_no'), line('how', true), line('person'), at('told_at_ms', true)] },
  report_up: { group: 'handover', fields: [node(), text('text', true)] },
  request_review: { group: 'review', fields: [node(), at('received_at_ms'), text('text')] },
  give_review: { group: 'review', fields: opinionOf },
  request_recheck: { group: 'review', fields: [node(), at('received_at_ms'), text('text')] },
  give_recheck: { group: 'review', fields: opinionOf },
  start_hearing: { group: 'review', fields: [at('from_ms'), text('text')] },
  end_hearing: { group: 'review', fields: [at('until_ms'), text('text')] },
  terminate: { group: 'review', grave: true, fields: [text('text')] },
  countersign_directive: { group: 'supervision', fields: [directive, line('countersigned_by', true)] },
  sign_directive: { group: 'supervision', fields: [directive] },
  answer_directive: { group: 'supervision', fields: [directive, text('text'), { name: 'adopted', type: 'yes' }] },
  clear_directive: { group: 'supervision', fields: [directive, node(), text('text')] },
  object_directive: { group: 'supervision', fields: [directive, text('reason', true)] },
  withdraw_directive: { group: 'supervision', fields: [directive, text('reason', true)] },
  delegate: { group: 'supervision', fields: [line('official', true), choice('power', words.powers), { name: 'valid_from_ms', type: 'since' }, { name: 'valid_to_ms', type: 'day' }] },
  end_delegation: { group: 'supervision', fields: [line('official', true), text('reason')] },
  open_docket: { group: 'supervision', fields: [line('docket_no', true), choice('step', words.steps, true, 2), node(true), dayOf(), text('text'), line('basis')] },
  step_docket: { group: 'supervision', fields: [docket, choice('step', words.steps, true), dayOf(), text('text'), line('basis')] },
  close_docket: { group: 'supervision', fields: [docket, text('text')] },
  urge: { group: 'supervision', fields: [node(), text('text')] },
  rate: { group: 'record', fields: [choice('rated_party', words.parties, true), choice('satisfaction', words.satisfactions, true), line('query_code', true)] },
  set_plan: { group: 'record', fields: [line('official', true), text('text', true), dayOf()] },
  fulfil: { group: 'record', fields: [deadline, text('text'), at('done_at_ms')] },
  acknowledge: { group: 'record', fields: [deadline, text('text')] },
};

/* The code of the protocol for a word of the command line. */
const PROTOCOL: Readonly<Record<string, string>> = {
  petition: 'residue', basically: 'basically_satisfied', not: 'not_satisfied', agree: 'agreed', refuse: 'refused',
};

export function protocolCode(code: string): string {
  return PROTOCOL[code] ?? code.replaceAll('-', '_');
}

export type Value = string | number | boolean | number[];
export type Values = Record<string, Value>;

export function startValues(fields: readonly Field[], given: Values = {}): Values {
  const values: Values = {};
  for (const field of fields) {
    const chosen = field.words?.find(([value]) => value === field.choose)?.[1];
    values[field.name] = given[field.name] ?? (field.type === 'nodes' ? [] : field.type === 'yes' ? false : (chosen ?? ''));
  }
  return values;
}

function sent(field: Field, value: Value | undefined): unknown {
  if (value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0)) return undefined;
  switch (field.type) {
    case 'day': { // until the end of that day
      const start = dayStart(String(value));
      return start === 0 ? undefined : String(start + DAY);
    }
    case 'since': { // from the beginning of that day
      const start = dayStart(String(value));
      return start === 0 ? undefined : String(start);
    }
    case 'instant': {
      const instant = instantOf(String(value));
      return instant === 0 ? undefined : String(instant);
    }
    case 'choice':
      return protocolCode(String(value));
    case 'number':
    case 'node':
    case 'deadline':
      return Number(value);
    case 'line':
    case 'case':
      return String(value).trim() === '' ? undefined : String(value).trim();
    case 'cases':
      return String(value).split(/[\s,，、;；]+/).filter((one) => one !== '');
    default:
      return value;
  }
}

/* What is sent; an empty field is not given. */
export function bodyOf(kind: string, fields: readonly Field[], values: Values): ActBody {
  const body: ActBody = { kind };
  for (const field of fields) {
    const value = sent(field, values[field.name]);
    if (value !== undefined) body[field.name] = value;
  }
  return body;
}

/* Names of fields that are required and empty. */
export function missing(fields: readonly Field[], values: Values): string[] {
  return fields
    .filter((field) => field.required === true && sent(field, values[field.name]) === undefined)
    .map((field) => field.name);
}

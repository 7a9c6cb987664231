/* Notices, opinions and orders as documents. A template is plain text: {{field}} is filled in, a line
 * that holds only fields which are empty is left out. An office may keep templates of its own. */

export interface Kind {
  kind: string;
  title: string; // as it stands on the paper: Chinese
  english: string; // for a reader of the console
  acts: readonly string[]; // acts of the timeline that it belongs to; none: the case as a whole
  body: string;
}

const HEAD = '{{petitioner}}：';
const FOOT = '{{agency}}\n{{date}}';

export const kinds: readonly Kind[] = [
  {
    kind: 'acceptance', title: '受理告知书', english: 'Notice of acceptance', acts: ['accept'],
    body: `编号：{{notice_no}}\n\n${HEAD}\n\n您反映的“{{title}}”（信访件编号 {{number}}），我单位已于{{act_date}}收悉。经审查，属于本单位职权范围，根据《信访工作条例》第二十三条、第三十一条，决定予以受理。\n\n办理方式：{{exit}}。\n\n本单位将于{{handle_due}}前作出处理意见并书面答复。办理期间如需了解进展，可凭查询码查询。\n\n${FOOT}`,
  },
  {
    kind: 'non-acceptance', title: '不予受理告知书', english: 'Notice of non-acceptance', acts: ['decline'],
    body: `编号：{{notice_no}}\n\n${HEAD}\n\n您反映的“{{title}}”（信访件编号 {{number}}），经审查，{{decline_kind}}。理由如下：\n\n{{reason}}\n\n依据：《信访工作条例》第二十三条。\n\n${FOOT}`,
  },
  {
    kind: 'transfer', title: '信访事项转送告知书', english: 'Notice of forwarding', acts: ['forward', 'assign'],
    body: `${HEAD}\n\n您反映的“{{title}}”（信访件编号 {{number}}），我单位已于{{registered}}登记，并于{{act_date}}{{act}}至{{to}}办理。根据《信访工作条例》第二十二条、第二十三条，该单位将依法决定是否受理并告知您。\n\n${FOOT}`,
  },
  {
    kind: 'assignment', title: '交办通知书', english: 'Letter of assignment', acts: ['assign'],
    body: `{{to}}：\n\n{{basis}}\n\n现将“{{title}}”（信访件编号 {{number}}）交你单位办理。\n\n{{text}}\n\n请于{{due}}前办结并报送办结报告。\n\n报告形式：{{report_form}}\n\n会签：{{countersigned_by}}\n\n${FOOT}`,
  },
  {
    kind: 'extension', title: '延期办理告知书', english: 'Notice of extension', acts: ['extend'],
    body: `${HEAD}\n\n您反映的“{{title}}”（信访件编号 {{number}}），因{{reason}}，不能在规定期限内办结。根据《信访工作条例》第三十四条，经本单位负责人{{approved_by}}批准，延长办理期限{{days}}日。延长后的期限为{{handle_due}}。\n\n${FOOT}`,
  },
  {
    kind: 'opinion', title: '信访事项处理意见书', english: 'Opinion on handling', acts: ['answer'],
    body: `编号：{{opinion_no}}\n\n${HEAD}\n\n您反映的“{{title}}”（信访件编号 {{number}}），现已办理完毕。处理意见：{{opinion}}。\n\n{{text}}\n\n如对本处理意见不服，可自收到本意见书之日起30日内，依照《信访工作条例》第三十五条，请求原办理机关、单位的上一级机关、单位复查。\n\n${FOOT}`,
  },
  {
    kind: 'review-opinion', title: '信访事项复查意见书', english: 'Opinion of the review', acts: ['give_review'],
    body: `编号：{{opinion_no}}\n\n${HEAD}\n\n您就“{{title}}”（信访件编号 {{number}}）提出的复查请求，现已复查完毕。复查意见：{{opinion}}。\n\n{{text}}\n\n如对本复查意见不服，可自收到本意见书之日起30日内，依照《信访工作条例》第三十六条，向复查机关、单位的上一级机关、单位请求复核。\n\n${FOOT}`,
  },
  {
    kind: 'recheck-opinion', title: '信访事项复核意见书', english: 'Opinion of the recheck', acts: ['give_recheck'],
    body: `编号：{{opinion_no}}\n\n${HEAD}\n\n您就“{{title}}”（信访件编号 {{number}}）提出的复核请求，现已复核完毕。复核意见：{{opinion}}。\n\n{{text}}\n\n依照《信访工作条例》第三十六条，对复核意见不服，仍以同一事实和理由提出投诉请求的，不再受理。\n\n${FOOT}`,
  },
  {
    kind: 'supervision', title: '督办通知书', english: 'Notice of supervision', acts: ['open_docket', 'step_docket'],
    body: `督办编号：{{docket_no}}\n\n{{to}}：\n\n“{{title}}”（信访件编号 {{number}}），现予{{step}}。\n\n{{text}}\n\n请于{{due}}前办结并反馈结果。依据：《信访工作条例》第三十九条。{{basis}}\n\n${FOOT}`,
  },
  {
    kind: 'minutes', title: '信访工作联席会议纪要', english: 'Minutes of the joint conference', acts: ['clear_directive', 'designate'],
    body: `事项：“{{title}}”（信访件编号 {{number}}）\n\n主办单位：{{to}}\n\n协办单位：{{co_handlers}}\n\n议定事项：\n\n{{text}}\n\n{{basis}}\n\n完成期限：{{due}}\n\n${FOOT}`,
  },
  {
    kind: 'receipt', title: '送达回证', english: 'Record of delivery', acts: ['record_delivery'],
    body: `送达文书：{{notice_no}}\n\n事项：“{{title}}”（信访件编号 {{number}}）\n\n受送达人：{{person}}\n\n送达方式：{{how}}\n\n送达时间：{{told}}\n\n送达单位：{{agency}}\n\n签收人（签名）:________________　　{{date}}`,
  },
  {
    kind: 'case-sheet', title: '信访事项登记表', english: 'Case sheet', acts: [],
    body: `信访件编号：{{number}}\n事项：{{title}}\n信访人：{{petitioner}}\n来访方式：{{channel}}　　人数：{{people}}\n类别：{{matter}}　　内容分类：{{class_code}}\n登记单位：{{registrar}}　　登记时间：{{registered}}\n责任单位：{{host}}　　当前阶段：{{stage}}\n\n内容：\n\n{{content}}`,
  },
];

/* What each field of a template is, for those who edit one. */
export const fieldNames: Readonly<Record<string, string>> = {
  number: '信访件编号', title: '事项标题', content: '事项内容', petitioner: '信访人', people: '人数', channel: '信访形式', matter: '事项类别', class_code: '内容分类',
  stage: '办理阶段', registrar: '登记单位', host: '责任单位', registered: '登记日期', handle_due: '办理期限', agency: '本单位名称', date: '日期', act_date: '办理日期',
  act: '办理动作', to: '收文单位', co_handlers: '协办单位', notice_no: '告知书编号', opinion_no: '意见书编号', docket_no: '督办编号', exit: '处理途径', opinion: '处理意见',
  decline_kind: '不予受理情形', step: '督办措施', reason: '理由', text: '正文', basis: '依据', days: '天数', approved_by: '批准人', countersigned_by: '会签人',
  report_form: '报告形式', how: '送达方式', person: '有关人员', told: '告知时间', due: '期限',
};

export const kindOf = (kind: string): Kind | undefined => kinds.find((k) => k.kind === kind);

/* Names of fields that a template uses. */
export function fieldsIn(body: string): string[] {
  return [...new Set([...body.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1] ?? ''))];
}

/* Lines of the paper. A line in which every field is empty goes; unknown fields are empty. */
export function render(body: string, values: Readonly<Record<string, string>>): string[] {
  const out: string[] = [];
  for (const raw of body.split('\n')) {
    const names = fieldsIn(raw);
    if (names.length > 0 && names.every((name) => (values[name] ?? '') === '')) continue;
    const line = raw.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => values[name] ?? '');
    for (const part of line.split(/\r?\n/)) {
      if (part === '' && (out.length === 0 || out[out.length - 1] === '')) continue;
      out.push(part);
    }
  }
  return out;
}

/* The rules of a policy that have no name in its file: what they are called for people. */

type Named = Readonly<Record<string, string>>;

const zh: Named = {
  'switch.first_assignment_outranks': '第一交办权优先于一般转送和平级移交',
  'switch.level_outranks': '上级优先于下级',
  'switch.receive_first': '先接后议：提出异议不停止计时，也不免除责任',
  'switch.no_return_after_designation': '联席会议或上级指定办理后不得退回',
  'switch.object_before_acceptance_only': '受理后不得再提出异议',
  'switch.never_lengthen': '指定期限只可缩短、不可延长法定期限',
  'switch.dispute_to_superior': '争议先报共同上级，再报联席会议',
  'switch.hops_max': '流转达到该次数后报共同上级',
  'switch.countersign_skip': '越级指令须由领导会签',
  'switch.countersign_mass': '群体性事项的指令须由领导会签',
  'switch.sub_assign_within_tree': '第一交办权项下的事项只可在本单位所辖范围内向下分办',
  'switch.limits_of_authority': '不得改变处理意见，不得就实体问题指令纪检监察和政法机关',
  'switch.host_collects': '主办单位待协办单位答复或其期限届满后答复',
  'switch.conference_leads_cross': '三跨三分离事项由联席会议确定承办单位',
  'switch.deliver_percent': '未送达的交接在其期限过去该百分比后发出提醒',
  'switch.simple_flags_excluded': '有这些标记的事项不适用简易办理',
  'mass-visit.county': '到县来访达到该人数，通知负责人到场接访',
  'mass-visit.city': '到市来访达到该人数，通知负责人到场接访',
  'mass-visit.province': '到省来访达到该人数，通知负责人到场接访',
  'silence.last': '最后一步仍无人签收时的处理',
  'power.assign': '交办转办权', 'power.investigate': '立案查办权', 'power.coordinate': '协调处理权',
  'power.supervise': '督查督促权', 'power.circulate': '通报情况权', 'power.recommend': '建议权',
  'precedence.1': '优先于一般转送和平级移交',
  'precedence.2': '上级优先；同级依次为联席会议决定、第一交办权、一般交办、转送、平级移交',
  'precedence.3': '先接后议；指定办理后不得退回',
  'precedence.4': '可以缩短期限，不得延长法定期限',
  'precedence.5': '任何时候只有一个主办单位；争议先报共同上级，再报联席会议',
  'precedence.6': '由指定领导会签；只可向下分办',
  'precedence.7': '不得改变处理意见，不得就实体问题指令纪检监察机关，不得排除回避',
  'ladder.urge': '催办', 'ladder.supervise': '督办', 'ladder.talk': '约谈（自此为联席会议的职权）', 'ladder.circular': '通报',
  'ladder.listed': '挂牌督办', 'ladder.rectify': '限期整改', 'ladder.hold_to_account': '建议追责',
  'indicator.office-accept': '信访部门及时受理率', 'indicator.handler-accept': '责任单位及时受理率', 'indicator.on-time-answer': '按期答复率',
  'indicator.participation': '群众参评率', 'indicator.satisfaction': '群众满意率', 'indicator.repeat': '重复信访率',
};
const sections: Readonly<Record<string, readonly [string, string]>> = {
  deadline: ['期限', 'deadline'], switch: ['开关', 'switch'], 'mass-visit': ['群体来访', 'mass visit'], silence: ['无人签收', 'silence'], power: ['权力', 'power'],
  precedence: ['优先次序', 'precedence'], ladder: ['督办措施', 'ladder'], indicator: ['考核指标', 'indicator'],
};
const units: Readonly<Record<string, readonly [string, string]>> = {
  d: ['自然日', 'calendar days'], calendar: ['自然日', 'calendar days'], wd: ['工作日', 'working days'], working: ['工作日', 'working days'],
  h: ['小时', 'hours'], hours: ['小时', 'hours'], min: ['分钟', 'minutes'], minutes: ['分钟', 'minutes'],
};
const values: Named = { yes: '是', no: '否', repeat: '重复', dispute: '作为争议报共同上级', none: '无' };

export const ruleName = (rule: string): string | undefined => zh[rule];
export const sectionName = (section: string, chinese: boolean): string => sections[section]?.[chinese ? 0 : 1] ?? section;

/* "15 d", "5 wd", "yes", "60" with its unit beside it: in words. */
export function ruleValue(value: string, unit: string, chinese: boolean): string {
  const [number = '', inside = ''] = value.split(' ');
  const name = units[unit === '' ? inside : unit]?.[chinese ? 0 : 1];
  if (name !== undefined && /^\d+$/.test(number)) return `${number} ${name}`;
  return (chinese ? values[value] : undefined) ?? `${value} ${unit}`.trim();
}

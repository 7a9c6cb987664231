/* The vocabulary of casework, as the command line says it: number of the protocol, code, Chinese,
 * English. A test holds every row against clients/cli. */

export type Word = readonly [value: number, code: string, zh: string, en: string];

export const matters: readonly Word[] = [
  [1, 'suggestion', '建议意见', 'suggestion'],
  [2, 'accusation', '检举控告', 'accusation'],
  [3, 'appeal', '申诉求决', 'appeal'],
];

export const channels: readonly Word[] = [
  [1, 'letter', '来信', 'letter'],
  [2, 'visit', '来访', 'visit'],
  [3, 'online', '网上', 'online'],
  [4, 'phone', '来电', 'phone'],
];

export const exits: readonly Word[] = [
  [1, 'litigation', '诉讼', 'litigation'],
  [2, 'arbitration', '仲裁', 'arbitration'],
  [3, 'party-appeal', '党员申诉', 'appeal within the party'],
  [4, 'admin-review', '行政复议', 'administrative review'],
  [5, 'protective-duty', '履行保护职责', 'performance of a protective duty'],
  [6, 'petition', '信访程序', 'petition procedure'],
];

export const authorities: readonly Word[] = [
  [1, 'peer', '移交', 'hand-over between peers'],
  [2, 'forward', '转送', 'forwarding'],
  [3, 'assign', '交办', 'assignment'],
  [4, 'first-assignment', '第一交办权', 'first assignment authority'],
  [5, 'joint-conference', '联席会议决定', 'decision of the joint conference'],
];

export const opinions: readonly Word[] = [
  [1, 'supported', '支持', 'supported'],
  [2, 'explained', '解释说明', 'explained'],
  [3, 'not-supported', '不予支持', 'not supported'],
];

export const rulings: readonly Word[] = [
  [1, 'agree', '同意', 'agreed'],
  [2, 'refuse', '不同意', 'not agreed'],
];

export const declines: readonly Word[] = [
  [1, 'not-accepted', '不予受理', 'not accepted'],
  [2, 'no-longer', '不再受理', 'no longer accepted'],
];

export const stages: readonly Word[] = [
  [1, 'registered', '已登记', 'registered'],
  [2, 'sent', '待签收', 'to be signed for'],
  [3, 'signed', '已签收', 'signed for'],
  [4, 'accepted', '已受理', 'accepted'],
  [5, 'declined', '不予受理', 'not accepted'],
  [6, 'answered', '已答复', 'answered'],
  [7, 'referred', '已移送', 'referred'],
  [8, 'closed', '已办结', 'closed'],
  [9, 'merged', '已并案', 'merged into another'],
  [10, 'review', '复查中', 'under review'],
  [11, 'reviewed', '已复查', 'reviewed'],
  [12, 'recheck', '复核中', 'under recheck'],
  [13, 'rechecked', '已复核', 'rechecked'],
  [14, 'terminated', '三级终结', 'ended for good'],
  [15, 'file', '专卷', 'file of its own'],
];

export const roles: readonly Word[] = [
  [1, 'registrar', '登记单位', 'registrar'],
  [2, 'host', '主办', 'host'],
  [3, 'co-handler', '协办', 'co-handler'],
  [4, 'assigner', '交办单位', 'assigner'],
  [5, 'informed', '知悉', 'informed'],
  [6, 'left', '已退出', 'takes part no more'],
  [7, 'reviewer', '复查复核机关', 'reviewer'],
  [8, 'arbiter', '争议裁定单位', 'arbiter'],
  [9, 'ordered', '受令单位', 'receiver of an order'],
];

export const lights: readonly Word[] = [
  [1, 'green', '绿', 'green'],
  [2, 'yellow', '黄', 'yellow'],
  [3, 'red', '红', 'red'],
  [4, 'done', '结', 'done'],
];

export const lines: readonly Word[] = [
  [1, 'offline', '未连接', 'not connected'],
  [2, 'greeting', '握手中', 'greeting'],
  [3, 'catching_up', '追赶中', 'catching up'],
  [4, 'in_sync', '已同步', 'in sync'],
  [5, 'resync', '历史不一致，已停止', 'histories differ, stopped'],
  [6, 'rejected', '被中心拒绝', 'rejected by the broker'],
];

export const levels: readonly Word[] = [
  [1, 'central', '中央', 'central'],
  [2, 'province', '省', 'province'],
  [3, 'city', '市', 'city'],
  [4, 'county', '县', 'county'],
  [5, 'township', '乡镇', 'township'],
  [6, 'village', '村', 'village'],
];

export const nodeKinds: readonly Word[] = [
  [1, 'office', '信访部门', 'petition office'],
  [2, 'joint-conference', '联席会议办公室', 'joint conference'],
  [3, 'government', '政府', 'government'],
  [4, 'department', '部门', 'department'],
  [5, 'discipline', '纪检监察机关', 'discipline organ'],
  [6, 'political-legal', '政法机关', 'political-legal organ'],
  [7, 'enterprise', '企事业单位', 'enterprise or institution'],
  [8, 'broker', '中心', 'broker'],
];

export const flags: readonly Word[] = [
  [1, 'repeat', '重复', 'repeated'],
  [2, 'anonymous', '匿名', 'anonymous'],
  [4, 'joint', '联名', 'joint signature'],
  [8, 'urgent', '重大紧急', 'major or urgent'],
  [16, 'cross-boundary', '三跨三分离', 'cross-boundary'],
  [32, 'litigation', '涉法涉诉', 'litigation-related'],
  [64, 'old', '积案', 'old case'],
  [128, 'public', '可公开', 'may be published'],
  [256, 'secret', '保密', 'secret'],
  [512, 'unreachable', '姓名住址不清', 'name or address unclear'],
];

export const ends: readonly Word[] = [
  [0, 'open', '进行中', 'running'],
  [1, 'met', '按期完成', 'kept'],
  [2, 'met_late', '逾期完成', 'done late'],
  [3, 'cancelled', '已取消', 'fell away'],
  [4, 'superseded', '已被取代', 'superseded'],
];

export const powers: readonly Word[] = [
  [1, 'assign', '交办转办权', 'power to assign and forward'],
  [2, 'investigate', '立案查办权', 'power to investigate'],
  [3, 'coordinate', '协调处理权', 'power to coordinate'],
  [4, 'supervise', '督查督促权', 'power to supervise and urge'],
  [5, 'circulate', '通报情况权', 'power to circulate'],
  [6, 'recommend', '建议权', 'power to recommend'],
];

export const demands: readonly Word[] = [
  [1, 'explanation', '说明情况', 'explanation'],
  [2, 'progress', '报告进展', 'report on progress'],
  [3, 'on-site', '现场核查', 'check on the spot'],
  [4, 'correction', '限期改正', 'correction by a day'],
  [5, 'summons', '到场接访', 'come and receive the visitors'],
];

export const recommendations: readonly Word[] = [
  [1, 'work', '改进工作', 'improve work'],
  [2, 'policy', '完善政策', 'improve policy'],
  [3, 'account', '追究责任', 'hold to account'],
];

export const steps: readonly Word[] = [
  [1, 'urge', '催办', 'urge'],
  [2, 'supervise', '督办', 'supervise'],
  [3, 'talk', '约谈', 'summon to a talk'],
  [4, 'circular', '通报', 'circular'],
  [5, 'listed', '挂牌督办', 'listed supervision'],
  [6, 'rectify', '限期整改', 'rectify by a day'],
  [7, 'hold-to-account', '建议追责', 'recommend to hold to account'],
];

export const directiveStatuses: readonly Word[] = [
  [1, 'waiting', '待会签', 'waits for its countersignature'],
  [2, 'in-force', '有效', 'in force'],
  [3, 'ended', '终结', 'ended'],
];

export const targetStates: readonly Word[] = [
  [1, 'issued', '已下达', 'issued'],
  [2, 'signed', '已签收', 'signed for'],
  [3, 'answered', '已回复', 'replied'],
  [4, 'cleared', '已核销', 'cleared'],
  [5, 'objected', '已提出异议', 'objection raised'],
  [6, 'withdrawn', '已撤回', 'withdrawn'],
  [7, 'superseded', '已被取代', 'superseded'],
];

export const linkKinds: readonly Word[] = [
  [1, 'repeat', '重复', 'repeats'],
  [2, 'related', '相关', 'is related to'],
  [3, 'review-of', '复查自', 'is the review of'],
  [4, 'cross-boundary', '三跨三分离关联', 'crosses boundaries with'],
  [5, 'merged-into', '并入', 'was merged into'],
  [6, 'merged-from', '并入本件', 'took up'],
  [7, 'split-of', '分自', 'was split from'],
  [8, 'split-into', '分出', 'was split into'],
];

export const grounds: readonly Word[] = [
  [1, 'new-facts', '新事实', 'new facts'],
  [2, 'ordered', '上级要求', 'ordered'],
];

export const parties: readonly Word[] = [
  [1, 'office', '信访部门', 'petition office'],
  [2, 'handler', '责任单位', 'handling agency'],
];

export const satisfactions: readonly Word[] = [
  [1, 'satisfied', '满意', 'satisfied'],
  [2, 'basically', '基本满意', 'basically satisfied'],
  [3, 'not', '不满意', 'not satisfied'],
];

export const ratingStates: readonly Word[] = [
  [1, 'waiting', '待评价', 'waits to be cast'],
  [2, 'cast', '已评价，期满前密封', 'cast, sealed until the window is over'],
  [3, 'opened', '已评价', 'rated'],
  [4, 'unrated', '逾期未评价', 'not rated in time'],
];

export const units: readonly Word[] = [
  [1, 'd', '自然日', 'calendar days'],
  [2, 'wd', '工作日', 'working days'],
  [3, 'h', '小时', 'hours'],
  [4, 'day', '指定日期', 'designated day'],
  [5, 'min', '分钟', 'minutes'],
];

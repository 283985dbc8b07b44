// Texts of the timeline.
const en = {
  title: 'Timeline',
  years: 'Years',
  toYear: '{year}: {count} {count|event|events}',
  show: 'Show',
  'show.all': 'Everything',
  'show.encounter': 'Encounters',
  'show.condition': 'Conditions',
  'show.medication': 'Medications',
  'show.procedure': 'Procedures',
  'show.immunization': 'Immunizations',
  'show.allergy': 'Allergies',
  count: '{count} {count|event|events}',
  loading: 'Loading the timeline: {done} of {total} kinds of records are here',
  none: 'Nothing to show',
  noneReason: 'No record of this kind carries a date.',
  noneAction: 'Show everything',
  failed: 'These are missing, because they could not be loaded: {kinds}.',
  incomplete: 'There are more records than are shown; the oldest are missing.',
  again: 'Load them again',
}

const zh: Readonly<Record<keyof typeof en, string>> = {
  title: '时间线',
  years: '年份',
  toYear: '{year}年：{count} 项事件',
  show: '显示',
  'show.all': '全部',
  'show.encounter': '就诊',
  'show.condition': '诊断',
  'show.medication': '用药',
  'show.procedure': '操作',
  'show.immunization': '接种',
  'show.allergy': '过敏',
  count: '{count} 项事件',
  loading: '正在加载时间线：{total} 类记录中已有 {done} 类',
  none: '没有可显示的内容',
  noneReason: '此类记录均未注明日期。',
  noneAction: '显示全部',
  failed: '以下内容加载失败，暂缺：{kinds}。',
  incomplete: '记录过多，最早的部分未显示。',
  again: '重新加载',
}

/** Texts of the timeline. */
export const timelineText = { en, zh }

// Words for ages, sexes and states that several screens use.
const en = {
  'age.day': '{age} d',
  'age.week': '{age} wk',
  'age.month': '{age} mo',
  'age.year': '{age} y',
  about: 'about {age}',
  'sex.male': 'Male',
  'sex.female': 'Female',
  'sex.other': 'Other',
  'sex.unknown': 'Unknown',
}

const zh: Readonly<Record<keyof typeof en, string>> = {
  'age.day': '{age}天',
  'age.week': '{age}周',
  'age.month': '{age}个月',
  'age.year': '{age}岁',
  about: '约{age}',
  'sex.male': '男',
  'sex.female': '女',
  'sex.other': '其他',
  'sex.unknown': '未知',
}

/** Words for ages and sexes. */
export const clinicalText = { en, zh }

/** A text of {@link clinicalText} in one language. */
export type ClinicalText = Readonly<Record<keyof typeof en, string>>

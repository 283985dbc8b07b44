// Every word of the sign-in and consent pages, in English and Simplified Chinese.

const en = {
  product: 'Xinglin',
  otherLanguage: '中文',
  signIn: 'Sign in',
  signInTo: 'to continue to {app}',
  username: 'Username',
  password: 'Password',
  wrong: 'The name or the password is not right.',
  tooMany: 'Too many tries. Wait {seconds} seconds and try again.',
  cancel: 'Cancel',
  consentTitle: '{app} asks for access',
  signedInAs: 'Signed in as {name}',
  wants: 'If you allow it, the app may:',
  choosePatient: 'Choose the patient',
  chooseWhy: 'The app works with the record of one patient.',
  search: 'Search',
  searchHint: 'Name, pinyin or initials, at least two characters',
  noneFound: 'Nobody was found under this name.',
  born: 'born {date}',
  ownRecord: 'The app works with your own record.',
  pickFirst: 'Choose a patient first.',
  notAllowed: 'This patient’s record is not open to you.',
  allow: 'Allow',
  deny: 'Do not allow',
  returnsTo: 'You return to {host}.',
  openid: 'know that it is you who signed in',
  profile: 'see your name',
  fhirUser: 'see which record is yours',
  offline_access: 'keep this access until you take it back, also when you are away',
  read: 'read {types} {whose}',
  write: 'add, change and delete {types} {whose}',
  readWrite: 'read, add, change and delete {types} {whose}',
  allTypes: 'all records',
  ofPatient: 'of the chosen patient',
  ofUser: 'that you may see yourself',
  errorTitle: 'This did not work',
  errorHint: 'Go back to the app and begin again. If it happens again, tell the app’s maker:',
  expired: 'The sign-in took too long or was begun in another window. Go back to the app and begin again.',
} as const

/** A word of these pages. */
export type Word = keyof typeof en

const zh: Readonly<Record<Word, string>> = {
  product: '杏林',
  otherLanguage: 'English',
  signIn: '登录',
  signInTo: '以继续使用{app}',
  username: '用户名',
  password: '密码',
  wrong: '用户名或密码不正确。',
  tooMany: '尝试次数过多，请等待 {seconds} 秒后再试。',
  cancel: '取消',
  consentTitle: '{app}请求访问权限',
  signedInAs: '当前登录：{name}',
  wants: '允许后，该应用可以：',
  choosePatient: '选择患者',
  chooseWhy: '该应用使用一位患者的病历。',
  search: '搜索',
  searchHint: '姓名、拼音或首字母，至少两个字符',
  noneFound: '没有找到这个姓名的患者。',
  born: '出生日期 {date}',
  ownRecord: '该应用使用您本人的病历。',
  pickFirst: '请先选择一位患者。',
  notAllowed: '您无权查看该患者的病历。',
  allow: '允许',
  deny: '不允许',
  returnsTo: '之后将返回 {host}。',
  openid: '知道登录者是您',
  profile: '看到您的姓名',
  fhirUser: '看到哪份记录属于您',
  offline_access: '保留此权限直到您收回，即使您不在场',
  read: '读取{whose}{types}',
  write: '新增、修改和删除{whose}{types}',
  readWrite: '读取、新增、修改和删除{whose}{types}',
  allTypes: '全部记录',
  ofPatient: '所选患者的',
  ofUser: '您本人有权查看的',
  errorTitle: '操作未成功',
  errorHint: '请返回应用重新开始。如果再次发生，请告知应用的开发者：',
  expired: '登录超时，或在另一个窗口中开始。请返回应用重新开始。',
}

/** A language of these pages. */
export type Language = 'en' | 'zh'

const dictionaries: Readonly<Record<Language, Readonly<Record<Word, string>>>> = { en, zh }

/** Says a word in a language, with what belongs into its braces. */
export type Say = (word: Word, values?: Readonly<Record<string, string>>) => string

/** The words of a language. */
export function wordsOf(language: Language): Say {
  const dictionary = dictionaries[language]
  return (word, values = {}) => dictionary[word].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
}

const han = /\p{Script=Han}/u

/** The part of a name such as `Dr Chen Wei 陈伟` that a reader of the language writes; the whole where there is only one. */
export function nameIn(language: Language, name: string): string {
  const parts = name.split(/\s+/).filter((part) => han.test(part) === (language === 'zh'))
  return parts.length === 0 ? name : parts.join(language === 'zh' ? '' : ' ')
}

/** The language asked for: by the address, by the app (`ui_locales`), by the browser; English else. */
export function languageOf(...asked: readonly (string | undefined)[]): Language {
  for (const text of asked) {
    const first = text
      ?.split(/[\s,]+/)
      .map((tag) => tag.toLowerCase().slice(0, 2))
      .find((tag) => tag === 'zh' || tag === 'en')
    if (first !== undefined) return first === 'zh' ? 'zh' : 'en'
  }
  return 'en'
}

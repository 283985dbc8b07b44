// Texts of the command bar.
const en = {
  title: 'Search or go to',
  field: 'Search patients and commands',
  hint: 'A name, pinyin, MRN, or a command',
  results: 'Results',
  patients: 'Patients',
  commands: 'Commands',
  goTo: 'Go to {screen}',
  toLanguage: '切换为中文',
  toDark: 'Use dark colours',
  toLight: 'Use light colours',
  signOut: 'Sign out',
  allMatches: 'Show all patients matching “{typed}”',
  none: 'Nothing found. Try a family name, pinyin or an MRN.',
  searching: 'Searching patients',
  found: '{count} {count|result|results}',
  failed: 'Patients could not be searched now; commands still work.',
  keys: '↑ ↓ to choose · Enter to open · Esc to close',
  close: 'Close',
  unnamed: 'No name recorded',
}

const zh: Readonly<Record<keyof typeof en, string>> = {
  title: '搜索或跳转',
  field: '搜索患者与命令',
  hint: '姓名、拼音、病历号或命令',
  results: '结果',
  patients: '患者',
  commands: '命令',
  goTo: '前往{screen}',
  toLanguage: 'Switch to English',
  toDark: '使用深色',
  toLight: '使用浅色',
  signOut: '退出登录',
  allMatches: '显示所有匹配“{typed}”的患者',
  none: '未找到结果。请尝试姓氏、拼音或病历号。',
  searching: '正在搜索患者',
  found: '{count} 项结果',
  failed: '暂时无法搜索患者；命令仍可使用。',
  keys: '↑ ↓ 选择 · Enter 打开 · Esc 关闭',
  close: '关闭',
  unnamed: '未记录姓名',
}

/** Texts of the command bar. */
export const commandText = { en, zh }

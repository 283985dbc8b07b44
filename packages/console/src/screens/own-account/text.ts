// Texts of the own account: apps with access, and the password.
const en = {
  title: 'Your account',
  about: 'Apps that you gave access to records, and your password.',
  apps: 'Apps with access',
  loading: 'Loading the apps',
  none: 'No app has access.',
  noneReason: 'An app asks you when you launch it; what you allow then is listed here.',
  app: 'App',
  scopes: 'May',
  patient: 'Patient',
  since: 'Since',
  action: 'Action',
  end: 'Take back',
  ended: 'The access was taken back. The app’s tokens have ended.',
  password: 'Change the password',
  current: 'Current password',
  next: 'New password',
  nextHint: '15 characters or more',
  change: 'Change',
  changed: 'The password is changed. Sign in again with the new one.',
} as const

const zh: Readonly<Record<keyof typeof en, string>> = {
  title: '我的账户',
  about: '您允许访问病历的应用，以及您的密码。',
  apps: '拥有访问权限的应用',
  loading: '正在加载应用',
  none: '没有应用拥有访问权限。',
  noneReason: '启动应用时会询问您；您当时允许的内容会列在这里。',
  app: '应用',
  scopes: '权限',
  patient: '患者',
  since: '开始时间',
  action: '操作',
  end: '收回',
  ended: '访问权限已收回，该应用的令牌已失效。',
  password: '更改密码',
  current: '当前密码',
  next: '新密码',
  nextHint: '至少 15 个字符',
  change: '更改',
  changed: '密码已更改，请用新密码重新登录。',
}

/** Texts of the screen. */
export const ownAccountText = { en, zh }

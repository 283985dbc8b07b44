// Texts of keys that are made in the browser.
const en = {
  title: 'Keys from this browser',
  about:
    'The keys are made here and the secret one is never sent. It is gone when you leave this page, so save its file first: whoever has it reads every result, and without it nobody does.',
  parameters: 'Parameters',
  'two-levels': 'Two levels (N = 8192): scores, totals',
  'four-levels': 'Four levels (N = 16384): logistic regression',
  make: 'Make keys',
  making: 'Making keys',
  made: 'The keys are made. The secret key is in this page alone.',
  saveSecret: 'Save the secret key',
  savePublic: 'Save the public context',
  sendPublic: 'Send the public context',
  sent: 'Public context sent',
  failed: 'This browser could not make keys. Use the command below.',
}

const zh: Readonly<Record<keyof typeof en, string>> = {
  title: '在本浏览器中生成密钥',
  about: '密钥在此生成，私钥从不发送。离开本页后私钥即消失，请先保存其文件：持有者可读取全部结果，丢失则无人能读。',
  parameters: '参数',
  'two-levels': '两层（N = 8192）：评分、求和',
  'four-levels': '四层（N = 16384）：逻辑回归',
  make: '生成密钥',
  making: '正在生成密钥',
  made: '密钥已生成。私钥只在本页中。',
  saveSecret: '保存私钥',
  savePublic: '保存公开上下文',
  sendPublic: '发送公开上下文',
  sent: '公开上下文已发送',
  failed: '本浏览器无法生成密钥，请使用下面的命令。',
}

/** The texts. */
export const keysText = { en, zh }

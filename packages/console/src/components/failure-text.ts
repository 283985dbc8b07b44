// What the console says when something did not work: what happened, whether data is safe, what to do.
import type { FailureKind } from '../api/failure.ts'

type FailureKey =
  | `${FailureKind}.title`
  | `${FailureKind}.advice`
  | 'safe'
  | 'retry'
  | 'trace'
  | 'technical'
  | 'wait'
  | 'home'
  | 'bug.title'
  | 'bug.advice'

const en: Readonly<Record<FailureKey, string>> = {
  'offline.title': 'The server cannot be reached',
  'offline.advice': 'Check the network connection, then try again.',
  'timeout.title': 'The answer did not come in time',
  'timeout.advice': 'The server may be busy. Try again in a moment.',
  'unauthenticated.title': 'You are no longer signed in',
  'unauthenticated.advice': 'Sign in again to go on.',
  'forbidden.title': 'Your role may not see this',
  'forbidden.advice':
    'This refusal is recorded in the audit trail. If your work needs this, ask your administrator for the right role.',
  'not-found.title': 'There is no such record',
  'not-found.advice': 'It may never have existed, or it is not yours to see. Check the address.',
  'deleted.title': 'This record was deleted',
  'deleted.advice': 'Its earlier versions are kept in the history.',
  'invalid.title': 'The server did not accept this request',
  'invalid.advice': 'Change the filters or the text, then try again.',
  'conflict.title': 'Someone else changed this at the same time',
  'conflict.advice': 'Load it again to see the newest version.',
  'busy.title': 'Too many requests',
  'busy.advice': 'Wait a little before you try again.',
  'unavailable.title': 'A service is not available now',
  'unavailable.advice': 'It is usually back within a minute.',
  'server.title': 'The server failed',
  'server.advice': 'Try again. If it happens again, give the trace id to the operator.',
  'unreadable.title': 'The answer could not be read',
  'unreadable.advice': 'Try again. If it happens again, give the trace id to the operator.',
  'bug.title': 'This screen failed',
  'bug.advice': 'Load it again. If it happens again, tell the operator what you did.',
  safe: 'Nothing was changed; your data is safe.',
  retry: 'Try again',
  trace: 'Trace id',
  technical: 'Technical details',
  wait: 'The server asks to wait {seconds} s.',
  home: 'Go to the start page',
}

const zh: Readonly<Record<FailureKey, string>> = {
  'offline.title': '无法连接服务器',
  'offline.advice': '请检查网络连接后重试。',
  'timeout.title': '服务器未能及时响应',
  'timeout.advice': '服务器可能繁忙，请稍后重试。',
  'unauthenticated.title': '登录已失效',
  'unauthenticated.advice': '请重新登录后继续。',
  'forbidden.title': '您的角色无权查看此内容',
  'forbidden.advice': '本次拒绝已记入审计记录。如工作需要，请联系管理员授予相应角色。',
  'not-found.title': '没有这条记录',
  'not-found.advice': '记录可能不存在，或您无权查看。请核对地址。',
  'deleted.title': '该记录已被删除',
  'deleted.advice': '历史版本仍保留在修订历史中。',
  'invalid.title': '服务器未接受此请求',
  'invalid.advice': '请修改筛选条件或输入内容后重试。',
  'conflict.title': '其他人同时修改了此记录',
  'conflict.advice': '请重新加载以查看最新版本。',
  'busy.title': '请求过于频繁',
  'busy.advice': '请稍候再试。',
  'unavailable.title': '某项服务暂不可用',
  'unavailable.advice': '通常一分钟内即可恢复。',
  'server.title': '服务器出错',
  'server.advice': '请重试。若再次出现，请将追踪编号告知运维人员。',
  'unreadable.title': '无法读取服务器的响应',
  'unreadable.advice': '请重试。若再次出现，请将追踪编号告知运维人员。',
  'bug.title': '页面出错',
  'bug.advice': '请重新加载。若再次出现，请将您的操作告知运维人员。',
  safe: '未做任何更改，数据安全。',
  retry: '重试',
  trace: '追踪编号',
  technical: '技术详情',
  wait: '服务器要求等待 {seconds} 秒。',
  home: '返回首页',
}

/** Texts of failures. */
export const failureText = { en, zh }

// Texts of the system screen.
const en = {
  title: 'System',
  about: 'The state of each service, asked again every 15 seconds.',
  loading: 'Asking the services',
  ready: 'Ready',
  unready: 'Not ready',
  service: 'Service',
  state: 'State',
  reason: 'Reason',
  allReady: 'All {count} services are ready',
  someUnready: '{count} of {total} services are not ready',
  asked: 'Asked at {time}',
  noReason: 'None',
  hasReason: 'The service gave a reason; see its log.',
  'service.gateway': 'Gateway',
  'service.database': 'Database',
  'service.registry': 'Registry',
  'service.audit': 'Audit trail',
  'service.patient': 'Patients',
  'service.emr': 'Medical records',
  'service.pharmacy': 'Pharmacy',
}

const zh: Readonly<Record<keyof typeof en, string>> = {
  title: '系统',
  about: '各项服务的状态，每15秒更新一次。',
  loading: '正在查询各项服务',
  ready: '就绪',
  unready: '未就绪',
  service: '服务',
  state: '状态',
  reason: '原因',
  allReady: '全部 {count} 项服务就绪',
  someUnready: '{total} 项服务中有 {count} 项未就绪',
  asked: '查询时间 {time}',
  noReason: '无',
  hasReason: '服务已给出原因，请查看其日志。',
  'service.gateway': '网关',
  'service.database': '数据库',
  'service.registry': '注册中心',
  'service.audit': '审计记录',
  'service.patient': '患者服务',
  'service.emr': '病历服务',
  'service.pharmacy': '药房服务',
}

/** Texts of the system screen. */
export const systemText = { en, zh }

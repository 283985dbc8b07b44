// Texts of one encounter.
const en = {
  close: 'Close this encounter',
  measured: 'Measured',
  value: 'Value',
  found: 'Found',
  ordered: 'Ordered',
  nothingMeasured: 'Nothing was measured in this encounter.',
  nothingFound: 'No condition was recorded in this encounter.',
  nothingOrdered: 'Nothing was prescribed in this encounter.',
}

const zh: Readonly<Record<keyof typeof en, string>> = {
  close: '关闭此次就诊',
  measured: '测量',
  value: '结果',
  found: '诊断',
  ordered: '处方',
  nothingMeasured: '此次就诊无测量记录。',
  nothingFound: '此次就诊无诊断记录。',
  nothingOrdered: '此次就诊无处方。',
}

/** Texts of one encounter. */
export const encounterText = { en, zh }

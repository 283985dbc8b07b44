// The twelve measurements of the mortality model in a patient's record: LOINC codes, UCUM units, names in two languages.
import { icuFeatures } from '../../federated/icu/features.ts'

/** A measurement that the model reads. */
export interface Vital {
  /** The feature's name in the model's tensor, e.g. `SysABP`. */
  readonly name: string
  readonly en: string
  readonly zh: string
  /** LOINC codes that mean it; the first one is written. */
  readonly loinc: readonly string[]
  /** UCUM unit that the model takes. */
  readonly unit: string
  /** UCUM unit → how a value in it becomes one in `unit`. */
  readonly units: Readonly<Record<string, (value: number) => number>>
  /** Values outside are slips of the pen. */
  readonly limits: readonly [low: number, high: number]
  /** Digits after the point when it is shown. */
  readonly decimals: number
  readonly isLaboratory: boolean
}

type Units = Vital['units']

const times =
  (factor: number) =>
  (value: number): number =>
    value * factor
const same = times(1)
const perMinute: Units = { '/min': same, '{beats}/min': same, '{breaths}/min': same }
const pressure: Units = { 'mm[Hg]': same, kPa: times(7.50062) }

// Molar masses (g/mol): urea nitrogen 28.014 in a mole of urea, creatinine 113.12, lactic acid 90.08.
const known: Readonly<Record<string, Omit<Vital, 'name' | 'unit' | 'limits'>>> = {
  HR: { en: 'heart rate', zh: '心率', loinc: ['8867-4'], units: perMinute, decimals: 0, isLaboratory: false },
  SysABP: {
    en: 'systolic blood pressure',
    zh: '收缩压',
    loinc: ['8480-6', '76215-3', '76534-7'], // any method, invasive, by cuff
    units: pressure,
    decimals: 0,
    isLaboratory: false,
  },
  MAP: {
    en: 'mean arterial pressure',
    zh: '平均动脉压',
    loinc: ['8478-0', '76214-6', '76536-2'],
    units: pressure,
    decimals: 0,
    isLaboratory: false,
  },
  RespRate: {
    en: 'respiratory rate',
    zh: '呼吸频率',
    loinc: ['9279-1'],
    units: perMinute,
    decimals: 0,
    isLaboratory: false,
  },
  Temp: {
    en: 'temperature',
    zh: '体温',
    loinc: ['8310-5', '8329-5', '8331-1', '8332-9'], // any site, core, mouth, rectum
    units: { Cel: same, '[degF]': (value) => (value - 32) / 1.8, K: (value) => value - 273.15 },
    decimals: 1,
    isLaboratory: false,
  },
  GCS: {
    en: 'Glasgow coma score',
    zh: '格拉斯哥昏迷评分',
    loinc: ['9269-2'],
    units: { '{score}': same, '1': same },
    decimals: 0,
    isLaboratory: false,
  },
  Urine: {
    en: 'urine output',
    zh: '尿量',
    loinc: ['9187-6'],
    units: { mL: same, L: times(1000), dL: times(100) },
    decimals: 0,
    isLaboratory: false,
  },
  BUN: {
    en: 'blood urea nitrogen',
    zh: '血尿素氮',
    loinc: ['3094-0', '6299-2', '22664-7', '14937-7'], // serum or blood by mass; urea, urea nitrogen by moles
    units: { 'mg/dL': same, 'mmol/L': times(2.8014), 'mg/L': times(0.1) },
    decimals: 0,
    isLaboratory: true,
  },
  Creatinine: {
    en: 'creatinine',
    zh: '肌酐',
    loinc: ['2160-0', '38483-4', '14682-9'],
    units: { 'mg/dL': same, 'umol/L': times(0.011312), 'mmol/L': times(11.312) },
    decimals: 1,
    isLaboratory: true,
  },
  Lactate: {
    en: 'lactate',
    zh: '乳酸',
    loinc: ['2524-7', '2518-9', '32693-4', '14118-4'], // serum, arterial blood, blood by moles; serum by mass
    units: { 'mmol/L': same, 'meq/L': same, 'mg/dL': times(1 / 9.008) },
    decimals: 1,
    isLaboratory: true,
  },
  WBC: {
    en: 'white cell count',
    zh: '白细胞计数',
    loinc: ['6690-2', '26464-8', '804-5'],
    units: { '10*3/uL': same, '10*9/L': same, '10*3/mm3': same, '/uL': times(0.001), '10*6/L': times(0.001) },
    decimals: 1,
    isLaboratory: true,
  },
  FiO2: {
    en: 'inspired oxygen',
    zh: '吸入氧浓度',
    loinc: ['3150-0', '19994-3'], // inhaled concentration, ventilator setting
    units: { '%': times(0.01), '1': same, '{fraction}': same },
    decimals: 2,
    isLaboratory: false,
  },
}

/** The measurements in the order of the model's features. */
export const vitals: readonly Vital[] = Object.freeze(
  icuFeatures.map(({ name, unit, limits }) => {
    const found = known[name]
    if (found === undefined) throw new RangeError(`nothing is known of ${name} in a record`)
    return { ...found, name, unit, limits }
  }),
)

/** System of the codes. */
export const loincSystem = 'http://loinc.org'
/** System of the units. */
export const ucumSystem = 'http://unitsofmeasure.org'

/** Position of the measurement that a LOINC code means; undefined where the model does not read it. */
export function vitalOfCode(code: string): number | undefined {
  const at = vitals.findIndex(({ loinc }) => loinc.includes(code))
  return at === -1 ? undefined : at
}

/** A value with its unit in words, e.g. `4.2 mmol/L`. */
export function measuredText({ unit, decimals }: Vital, value: number): string {
  if (unit === '{fraction}') return `${Math.round(value * 100)} %`
  const words = unit
    .replace('mm[Hg]', 'mmHg')
    .replace('Cel', '°C')
    .replace('10*3/uL', '10³/µL')
    .replace(/\{\w+\}/, '')
  return `${value.toFixed(decimals)}${words === '' || words.startsWith('/') ? '' : ' '}${words}`
}

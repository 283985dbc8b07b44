// The estimate in one or two plain sentences, in English and Chinese, with what raised and lowered it most (pure).
import { measuredText, vitals } from './vitals.ts'

/** An explained estimate: `risk = base + sum of contributions`, all as probabilities. */
export interface ExplainedRisk {
  /** 0 … 1. */
  readonly risk: number
  /** Mean estimate of the reference group. */
  readonly base: number
  /** `[12]`, in the order of {@link vitals}. */
  readonly contributions: ArrayLike<number>
  /** `[12]`: newest values; undefined where nothing was measured. */
  readonly latest: readonly (number | undefined)[]
}

/** A text in both languages. */
export interface BothLanguages {
  readonly en: string
  readonly zh: string
}

const namedUp = 3
const namedDown = 2
// Half a percentage point: less is not worth a word.
const worthNaming = 0.005

/** A probability as percent: whole numbers, one digit below ten. */
export function percentText(probability: number): string {
  const percent = probability * 100
  if (percent > 0 && percent < 0.1) return '<0.1'
  return percent < 10 ? percent.toFixed(1) : String(Math.round(percent))
}

function pick({ contributions }: ExplainedRisk, sign: 1 | -1, count: number): readonly number[] {
  return vitals
    .map((_, at) => at)
    .filter((at) => sign * (contributions[at] ?? 0) >= worthNaming)
    .toSorted((a, b) => sign * ((contributions[b] ?? 0) - (contributions[a] ?? 0)))
    .slice(0, count)
}

function named(risk: ExplainedRisk, at: number): BothLanguages {
  const vital = vitals[at]
  const value = risk.latest[at]
  if (vital === undefined) return { en: '', zh: '' }
  if (value === undefined) return { en: `${vital.en} (not measured)`, zh: `${vital.zh}（未测量）` }
  const shown = measuredText(vital, value)
  return { en: `${vital.en} (latest ${shown})`, zh: `${vital.zh}（最近${shown}）` }
}

function listed(names: readonly BothLanguages[]): BothLanguages {
  const words = names.map(({ en }) => en)
  const last = words.pop() ?? ''
  return { en: words.length === 0 ? last : `${words.join(', ')} and ${last}`, zh: names.map(({ zh }) => zh).join('、') }
}

function direction({ risk, base }: ExplainedRisk): BothLanguages {
  const points = Math.abs(risk - base) * 100
  const size = points < 10 ? points.toFixed(1) : String(Math.round(points))
  const from = percentText(base)
  if (points < 0.05) return { en: `as in the reference group (${from} %)`, zh: `与参照人群（${from}%）相同` }
  return risk > base
    ? {
        en: `${size} percentage points above the reference group (${from} %)`,
        zh: `比参照人群（${from}%）高${size}个百分点`,
      }
    : {
        en: `${size} percentage points below the reference group (${from} %)`,
        zh: `比参照人群（${from}%）低${size}个百分点`,
      }
}

/** The sentences. */
export function riskSentence(risk: ExplainedRisk): BothLanguages {
  const percent = percentText(risk.risk)
  const where = direction(risk)
  const up = listed(pick(risk, 1, namedUp).map((at) => named(risk, at)))
  const down = listed(pick(risk, -1, namedDown).map((at) => named(risk, at)))
  const en = [
    `The model estimates the risk of death in hospital at ${percent} %, ${where.en}.`,
    ...(up.en === '' ? [] : [`Raised most by ${up.en}.`]),
    ...(down.en === '' ? [] : [`Lowered most by ${down.en}.`]),
  ]
  const zh = [
    `模型估计院内死亡风险为${percent}%，${where.zh}。`,
    ...(up.zh === '' ? [] : [`升高风险最多的是${up.zh}。`]),
    ...(down.zh === '' ? [] : [`降低风险最多的是${down.zh}。`]),
  ]
  return { en: en.join(' '), zh: zh.join('') }
}

/** What must be read beside every estimate. */
export function riskLimits(measured: { readonly vitals: number; readonly cells: number }): readonly BothLanguages[] {
  const { vitals: count, cells } = measured
  const all = vitals.length
  return [
    {
      en: 'Decision support only: it is no diagnosis and orders nothing. A clinician judges and decides.',
      zh: '仅供辅助决策：这不是诊断，也不是医嘱。须由临床医生判断并作出决定。',
    },
    {
      en: 'The bars tell what the model used, not what causes harm: changing a value need not change the outcome.',
      zh: '条形表示模型所依据的信息，而非致害原因：改变某个数值未必会改变结局。',
    },
    {
      en: 'The model learned from the first 48 hours of ICU stays in one US hospital (2001–2008) and has not been validated here.',
      zh: '模型基于一家美国医院（2001–2008年）重症监护前48小时的数据训练，尚未在本院验证。',
    },
    {
      en: `The reference group is synthetic. ${count} of ${all} measurements have a value in these 48 hours (${cells} values in all); a missing one is judged as missing.`,
      zh: `参照人群为合成数据。这48小时内，${all}项指标中有${count}项有数值（共${cells}个）；缺失的指标按缺失处理。`,
    },
  ]
}

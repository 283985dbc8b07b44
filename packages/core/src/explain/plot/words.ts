// Words and numbers of the plots in English and Chinese.
import type { PlotData, PlotItem } from './steps.ts'

/** Languages of the plots. */
export type PlotLanguage = 'en' | 'zh'

/** How a plot speaks. */
export interface PlotWish {
  readonly language: PlotLanguage
  /** What is predicted, e.g. `risk of death in hospital`. */
  readonly what: string
  /** Writes a prediction or contribution; default four significant digits. */
  readonly format?: (value: number) => string
  /** Most bars; default 12. */
  readonly most?: number
}

const en = {
  base: 'reference',
  prediction: 'prediction',
  others: 'all others',
  raises: 'raises',
  lowers: 'lowers',
  group: 'feature',
  value: 'value',
  contribution: 'contribution',
  summary: '{what}: {prediction}, reference {base}. Largest: {largest}.',
  none: 'nothing moves it',
  samples: '{count} rows, one dot each; features by mean contribution: {names}',
  heat: '{what}: contribution by feature and time; strongest at {strongest}',
} as const

const zh: Readonly<Record<keyof typeof en, string>> = {
  base: '参照',
  prediction: '预测',
  others: '其余各项',
  raises: '升高',
  lowers: '降低',
  group: '特征',
  value: '数值',
  contribution: '贡献',
  summary: '{what}：{prediction}，参照{base}。影响最大：{largest}。',
  none: '无影响项',
  samples: '{count}行，每行一点；按平均贡献排列的特征：{names}',
  heat: '{what}：按特征与时间的贡献；最强处为{strongest}',
}

/** The words of a language. */
export const plotWords: Readonly<Record<PlotLanguage, Readonly<Record<keyof typeof en, string>>>> = { en, zh }

/** A number with its sign, by the wish's format. */
export function signed({ format = plainNumber }: Pick<PlotWish, 'format'>, value: number): string {
  return `${value < 0 ? '−' : '+'}${format(Math.abs(value))}`
}

/** Four significant digits, without trailing zeros. */
export function plainNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}

function itemWords(item: PlotItem, wish: PlotWish): string {
  return `${item.name} ${signed(wish, item.contribution)}`
}

/** One sentence that says what the plot shows, for those who do not see it. */
export function plotSummary(data: PlotData, wish: PlotWish): string {
  const { format = plainNumber, language, what } = wish
  const largest = data.items
    .filter(({ contribution }) => contribution !== 0)
    .toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    .slice(0, 3)
    .map((item) => itemWords(item, wish))
  const words = plotWords[language]
  const values: Readonly<Record<string, string>> = {
    ...{ what, prediction: format(data.prediction), base: format(data.base) },
    largest: largest.length === 0 ? words.none : largest.join(language === 'zh' ? '、' : ', '),
  }
  return filled(words.summary, values)
}

/** Puts values into the places of a text. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}

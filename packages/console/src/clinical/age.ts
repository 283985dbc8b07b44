// Age as clinicians say it: days and weeks for the newborn, months for infants, years after (pure).

/** An age in the unit that fits it. */
export interface Age {
  readonly amount: number
  readonly unit: 'day' | 'week' | 'month' | 'year'
  /** False when the birth date is given by year or month only. */
  readonly isExact: boolean
}

interface Day {
  readonly year: number
  readonly month: number
  readonly day: number
}

const dayMs = 86_400_000
const date = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?/

function dayOf(text: string): Day | undefined {
  const [, year, month, day] = date.exec(text) ?? []
  if (year === undefined) return undefined
  return { year: Number(year), month: Number(month ?? 1), day: Number(day ?? 1) }
}

const utcMs = ({ year, month, day }: Day): number => Date.UTC(year, month - 1, day)

function monthsBetween(from: Day, to: Day): number {
  const months = (to.year - from.year) * 12 + to.month - from.month
  return to.day < from.day ? months - 1 : months
}

/**
 * The age at a day, or undefined when the birth date is missing, unreadable or in the future. Newborns are counted in days
 * to 4 weeks, in weeks to 3 months, in months to 2 years: the steps of the NHS Common User Interface's age display.
 * @param birthDate FHIR date: YYYY, YYYY-MM or YYYY-MM-DD
 * @param on the day, YYYY-MM-DD: today in the reader's place, or the day of death
 */
export function ageOn(birthDate: string | undefined, on: string): Age | undefined {
  const from = birthDate === undefined ? undefined : dayOf(birthDate)
  const to = dayOf(on)
  if (from === undefined || to === undefined || birthDate === undefined) return undefined
  const days = Math.round((utcMs(to) - utcMs(from)) / dayMs)
  if (days < 0) return undefined
  const isExact = birthDate.length >= 10
  const months = monthsBetween(from, to)
  if (birthDate.length === 4 || months >= 24) {
    return { amount: birthDate.length === 4 ? to.year - from.year : Math.floor(months / 12), unit: 'year', isExact }
  }
  if (months >= 3 || !isExact) return { amount: months, unit: 'month', isExact }
  return days >= 28 ? { amount: Math.floor(days / 7), unit: 'week', isExact } : { amount: days, unit: 'day', isExact }
}

/** Today where the reader is, as YYYY-MM-DD. */
export function dayOfClock(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}

/** The first day on which someone born on it is `years` old at most, i.e. `on` minus years: bounds a search by age. */
export function yearsBefore(on: string, years: number): string {
  const day = dayOf(on)
  if (day === undefined) return on
  // 29 February becomes 28 February in a common year.
  const lastOfMonth = new Date(Date.UTC(day.year - years, day.month, 0)).getUTCDate()
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${String(day.year - years).padStart(4, '0')}-${two(day.month)}-${two(Math.min(day.day, lastOfMonth))}`
}

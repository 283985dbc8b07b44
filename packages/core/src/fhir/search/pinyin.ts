// Chinese names as they are typed on a Latin keyboard: whole pinyin and initials, surnames read as surnames.
import { pinyin } from 'pinyin-pro'
import { hasHan, normaliseText } from './normalise.ts'

/** How the characters are read: as a surname (单 shàn), a name that begins with one, or any text. */
export type Reading = 'surname' | 'full-name' | 'text'

/** The forms of a Chinese text in Latin letters: `zhangsan`, `zhang san`, `zs`; empty without Chinese characters. */
export function latinForms(text: string, reading: Reading): readonly string[] {
  const name = normaliseText(text).slice(0, 60).toWellFormed()
  if (!hasHan(name)) return []
  const syllables = pinyin(name, {
    toneType: 'none',
    type: 'array',
    v: true,
    nonZh: 'consecutive',
    ...(reading === 'surname' ? { mode: 'surname' as const } : {}),
    ...(reading === 'full-name' ? { surname: 'head' as const } : {}),
  })
    .map((syllable) => normaliseText(syllable))
    .filter((syllable) => syllable !== '')
  const initials = syllables.map((syllable) => syllable.charAt(0)).join('')
  const withU = syllables.map((syllable) => syllable.replace(/v/g, 'u'))
  return [...new Set([syllables.join(''), syllables.join(' '), withU.join(''), initials])]
}

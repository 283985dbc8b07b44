// What was done in an access, in the reader's words (pure).
import type { EventText } from './event-text.ts'

/** What was done, in words; an interaction that we have no words for is shown as its code. */
export function interactionWords(code: string | undefined, text: EventText): string {
  if (code === undefined) return '–'
  const key = `interaction.${code}`
  return key in text ? text[key as keyof EventText] : code
}

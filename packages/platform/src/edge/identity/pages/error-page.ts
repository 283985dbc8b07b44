// The page of a fault that cannot be told to the app, because it is not known which app asked or where it is.
import { documentOf } from './document.ts'
import { html } from './html.ts'
import { type Language, wordsOf } from './words.ts'

/** Writes it; `detail` is the standard's error code and sentence. */
export function errorPage(language: Language, detail: string): string {
  const say = wordsOf(language)
  const body = html`<h1>${say('errorTitle')}</h1><p>${say('errorHint')}</p><p class="fault" role="alert"><code>${detail}</code></p>`
  return documentOf({ language, say, title: say('errorTitle'), body })
}

/** Writes the page of a sign-in that is over. */
export function expiredPage(language: Language): string {
  const say = wordsOf(language)
  const body = html`<h1>${say('errorTitle')}</h1><p class="fault" role="alert">${say('expired')}</p>`
  return documentOf({ language, say, title: say('errorTitle'), body })
}

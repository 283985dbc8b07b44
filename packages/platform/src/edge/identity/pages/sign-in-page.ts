// The page that asks for name and password.
import { documentOf } from './document.ts'
import { html } from './html.ts'
import { type Language, nameIn, wordsOf } from './words.ts'

/** What the page says. */
export interface SignInPage {
  readonly language: Language
  readonly app: string
  /** Address of the form, without query. */
  readonly path: string
  readonly username: string
  readonly fault?: { readonly word: 'wrong' | 'tooMany'; readonly seconds?: number }
}

/** Writes it. */
export function signInPage({ language, app, path, username, fault }: SignInPage): string {
  const say = wordsOf(language)
  const here = `${path}?lang=${language}`
  const seconds = String(fault?.seconds ?? 0)
  const alert =
    fault === undefined ? undefined : html`<p class="fault" id="fault" role="alert">${say(fault.word, { seconds })}</p>`
  const described = fault === undefined ? '' : 'fault'
  const body = html`<h1>${say('signIn')}</h1><p class="quiet">${say('signInTo', { app: nameIn(language, app) })}</p>${alert}
<form method="post" action="${here}">
<label for="username">${say('username')}</label>
<input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" value="${username}">
<label for="password">${say('password')}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="128" aria-describedby="${described}">
<div class="row"><button name="decision" value="sign-in">${say('signIn')}</button>
<button class="plain" name="decision" value="cancel" formnovalidate>${say('cancel')}</button></div></form>`
  const otherLanguage = `${path}?lang=${language === 'zh' ? 'en' : 'zh'}`
  return documentOf({ language, say, title: say('signIn'), otherLanguage, body })
}

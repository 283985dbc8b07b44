// The page on which a person allows an app what it asks for, and chooses the patient it works with.
import { launchScope, partsOf } from '../scopes.ts'
import { documentOf } from './document.ts'
import { type Html, html } from './html.ts'
import { type Language, nameIn, type Say, type Word, wordsOf } from './words.ts'

/** A patient to choose. */
export interface PatientChoice {
  readonly id: string
  readonly name: string
  readonly birthDate: string
}

/** What the page says. */
export interface ConsentPage {
  readonly language: Language
  readonly app: string
  readonly path: string
  readonly person: string
  readonly scopes: readonly string[]
  /** Host the person returns to. */
  readonly returnHost: string
  /** None: no patient is needed. `own`: the person's own record. */
  readonly patient: 'none' | 'own' | { readonly query: string; readonly found: readonly PatientChoice[] | undefined }
  readonly fault?: 'pickFirst' | 'notAllowed'
}

/** Scopes that belong to signing in itself; they are told and cannot be left out. */
export const fixedScopes: readonly string[] = ['openid', launchScope]

const plainWords: readonly Word[] = ['openid', 'profile', 'fhirUser', 'offline_access']

/** A scope in a person's words. */
export function scopeWords(scope: string, say: Say): string | undefined {
  const plain = plainWords.find((word) => word === scope)
  if (plain !== undefined) return say(plain)
  const parts = partsOf(scope)
  if (parts === undefined) return undefined
  const { level, type, verbs } = parts
  const isReading = /[rs]/.test(verbs)
  const isWriting = /[cud]/.test(verbs)
  const word = isReading && isWriting ? 'readWrite' : isWriting ? 'write' : 'read'
  const types = type === '*' ? say('allTypes') : type
  return say(word, { types, whose: say(level === 'patient' ? 'ofPatient' : 'ofUser') })
}

function scopeList(scopes: readonly string[], say: Say): Html {
  const rows = scopes.flatMap((scope) => {
    const words = scopeWords(scope, say)
    if (words === undefined) return []
    if (fixedScopes.includes(scope)) return [html`<li>${words}</li>`]
    return [
      html`<li><label class="choice"><input type="checkbox" name="scope" value="${scope}" checked><span>${words}</span></label></li>`,
    ]
  })
  return html`<h2 id="wants">${say('wants')}</h2><ul aria-labelledby="wants">${rows}</ul>`
}

function searchForm({ path, language, patient }: ConsentPage, say: Say): Html | undefined {
  if (typeof patient === 'string') return undefined
  return html`<h2>${say('choosePatient')}</h2><p class="quiet">${say('chooseWhy')}</p>
<form method="get" action="${path}" role="search"><input type="hidden" name="lang" value="${language}">
<label for="q">${say('search')}</label>
<input id="q" name="q" type="search" minlength="2" maxlength="100" required value="${patient.query}" aria-describedby="hint">
<p class="quiet" id="hint">${say('searchHint')}</p><div class="row tight"><button class="plain">${say('search')}</button></div></form>`
}

function choices({ patient }: ConsentPage, say: Say): Html | undefined {
  if (patient === 'none') return undefined
  if (patient === 'own') return html`<p>${say('ownRecord')}</p>`
  if (patient.found === undefined) return undefined
  if (patient.found.length === 0) return html`<p role="status">${say('noneFound')}</p>`
  const rows = patient.found.map(
    ({ id, name, birthDate }) =>
      html`<label class="choice"><input type="radio" name="patient" value="${id}" required><span>${name} <span class="quiet">${say('born', { date: birthDate })} · ${id}</span></span></label>`,
  )
  return html`<fieldset><legend>${say('choosePatient')}</legend>${rows}</fieldset>`
}

/** Writes it. */
export function consentPage(page: ConsentPage): string {
  const { language, path, person, scopes, returnHost, fault } = page
  const app = nameIn(language, page.app)
  const say = wordsOf(language)
  const alert = fault === undefined ? undefined : html`<p class="fault" role="alert">${say(fault)}</p>`
  const body = html`<h1>${say('consentTitle', { app })}</h1><p class="quiet">${say('signedInAs', { name: nameIn(language, person) })}</p>${alert}
${searchForm(page, say)}
<form method="post" action="${`${path}?lang=${language}`}">${choices(page, say)}${scopeList(scopes, say)}
<p class="quiet">${say('returnsTo', { host: returnHost })}</p>
<div class="row"><button name="decision" value="allow">${say('allow')}</button>
<button class="plain" name="decision" value="deny" formnovalidate>${say('deny')}</button></div></form>`
  const otherLanguage = `${path}?lang=${language === 'zh' ? 'en' : 'zh'}`
  return documentOf({ language, say, title: say('consentTitle', { app }), otherLanguage, body })
}
